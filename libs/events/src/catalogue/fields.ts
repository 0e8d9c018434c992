import { UUID_RULE } from '@aegis/field-rules';

/** What an audit record says, as far as events are made of it. */
export interface EventSource {
  /** Of the audit record: a decimal number beyond JavaScript's. */
  id: string;
  recorded_at: Date;
  /** When it happened elsewhere, if it did. */
  occurred_at: Date | null;
  event_type: string;
  license_id: string | null;
  customer_id: string | null;
  module_name: string | null;
  event_data: Readonly<Record<string, unknown>>;
}

/** JSON Schema (draft 2020-12), as far as events need it. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
}

/** A form that values have: its schema, and whether a value has it. */
export interface ValueForm {
  readonly schema: JsonSchema;
  readonly holds: (value: unknown) => boolean;
}

/** One field of an event's `data`. */
export interface EventField {
  readonly form: ValueForm;
  readonly description: string;
  /** Absent where it does not apply. */
  readonly isOptional: boolean;
  /** @returns its value; undefined or null where the record has none */
  readonly read: (source: EventSource) => unknown;
}

export type EventFields = Readonly<Record<string, EventField>>;

const isText = (value: unknown): boolean => typeof value === 'string';
const isWhole = (value: unknown): boolean => Number.isSafeInteger(value);
const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const TEXT: ValueForm = { schema: { type: 'string' }, holds: isText };
export const FLAG: ValueForm = { schema: { type: 'boolean' }, holds: (value) => typeof value === 'boolean' };
export const WHOLE: ValueForm = { schema: { type: 'integer' }, holds: isWhole };
export const UUID_TEXT: ValueForm = {
  schema: { type: 'string', format: 'uuid' },
  holds: (value) => typeof value === 'string' && UUID_RULE.pattern.test(value),
};
/** `Date.parse` alone admits remarks in brackets, too. */
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
export const MOMENT: ValueForm = {
  schema: { type: 'string', format: 'date-time' },
  holds: (value) => typeof value === 'string' && RFC_3339.test(value) && !Number.isNaN(Date.parse(value)),
};
export const TEXTS: ValueForm = {
  schema: { type: 'array', items: { type: 'string' } },
  holds: (value) => Array.isArray(value) && value.every(isText),
};
export const OBJECT: ValueForm = {
  schema: { type: 'object', additionalProperties: true },
  holds: isObject,
};

/** A form of some texts. */
export function oneOf(...texts: readonly string[]): ValueForm {
  return { schema: { type: 'string', enum: texts }, holds: (value) => texts.some((text) => text === value) };
}

/** A form that null has, too. */
export function orNull({ schema, holds }: ValueForm): ValueForm {
  return {
    schema: { ...schema, type: [...[schema.type ?? []].flat(), 'null'] },
    holds: (value) => value === null || holds(value),
  };
}

/**
 * A field that the record's `event_data` has.
 * @param key its name there
 */
export function given(form: ValueForm, key: string, description: string): EventField {
  return { form, description, isOptional: false, read: ({ event_data }) => event_data[key] };
}

/** A field that says the same in every event of a kind. */
export function always(text: string, description: string): EventField {
  return {
    form: { schema: { type: 'string', const: text }, holds: (value) => value === text },
    description,
    isOptional: false,
    read: () => text,
  };
}

/** The same field, absent where it does not apply. */
export function optionally(field: EventField): EventField {
  return { ...field, isOptional: true };
}

/** The audit record that an event is made of, and that proves it. */
export const RECORD: EventFields = {
  audit_log_id: {
    form: TEXT,
    description: 'The audit record of this change: its proof is at /api/v1/admin/audit-logs/{id}/proof',
    isOptional: false,
    read: ({ id }) => id,
  },
};

export const ITS_CUSTOMER: EventField = {
  form: TEXT,
  description: 'The customer',
  isOptional: false,
  read: ({ customer_id }) => customer_id,
};

/** The license that an event is about. */
export const LICENSE = {
  license_id: {
    form: UUID_TEXT,
    description: 'The license',
    isOptional: false,
    read: ({ license_id }) => license_id,
  },
  customer_id: ITS_CUSTOMER,
  module_name: {
    form: TEXT,
    description: 'The module that it is for',
    isOptional: false,
    read: ({ module_name }) => module_name,
  },
} satisfies EventFields;
