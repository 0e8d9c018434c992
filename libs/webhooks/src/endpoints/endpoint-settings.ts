import type { WebhookEndpoint } from './webhook-endpoint.entity';

/** What an endpoint is; a filter that is absent or null admits everything. */
export interface EndpointSettings {
  /** At most 2048 bytes; `assertUrl` says which. */
  url: string;
  /** At most 500 characters. */
  description?: string | null;
  /** 1–100 of EVENT_TYPE_FILTERS. */
  event_types?: string[] | null;
  /** 1–100 names of modules. */
  module_names?: string[] | null;
  /** 1–100 ids of customers. */
  customer_ids?: string[] | null;
}

/** The new values of an endpoint; an absent field does not change, null empties a field. */
export interface UpdateEndpoint extends Partial<EndpointSettings> {
  is_active?: boolean;
}

const TEXTS = ['url', 'description'] as const;
const FILTERS = ['event_types', 'module_names', 'customer_ids'] as const;

/** The given fields whose values differ from the current ones. A filter has no order. */
export function changesOf(endpoint: WebhookEndpoint, input: UpdateEndpoint): UpdateEndpoint {
  const isGiven = (field: keyof UpdateEndpoint): boolean => input[field] !== undefined;
  const texts = TEXTS.filter((field) => isGiven(field) && input[field] !== endpoint[field]);
  const filters = FILTERS.filter(
    (field) => isGiven(field) && !isSameSet(input[field] ?? null, endpoint[field]),
  );
  const isActive = isGiven('is_active') && input.is_active !== endpoint.is_active;
  const fields = [...texts, ...filters, ...(isActive ? (['is_active'] as const) : [])];
  return Object.fromEntries(fields.map((field) => [field, input[field]]));
}

function isSameSet(some: readonly string[] | null, others: readonly string[] | null): boolean {
  if (some === null || others === null) return some === others;
  return some.length === others.length && some.every((item) => others.includes(item));
}
