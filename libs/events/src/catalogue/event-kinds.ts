import { ACTIVATION_KINDS } from './activation-kinds';
import type { EventKind } from './event-kind';
import { type EventFields, type JsonSchema, RECORD } from './fields';
import { LICENSE_KINDS } from './license-kinds';
import { API_KEY_KINDS, CUSTOMER_KINDS, DATABASE_KINDS, SIGNING_KEY_KINDS } from './other-kinds';

const KINDS = {
  ...LICENSE_KINDS,
  ...ACTIVATION_KINDS,
  ...CUSTOMER_KINDS,
  ...API_KEY_KINDS,
  ...SIGNING_KEY_KINDS,
  ...DATABASE_KINDS,
};

/** The `type` of an event. */
export type EventName = keyof typeof KINDS;

/** Every kind of event, by its `type`: what docs/events.md and the OpenAPI document list. */
export const EVENT_KINDS: Readonly<Record<EventName, EventKind>> = KINDS;

/** Every `type` of an event. */
export const EVENT_NAMES = Object.keys(KINDS) as readonly EventName[];

/** Version of the form of all events. */
export const EVENT_API_VERSION = '1';

/** The fields of an event's `data`, with the audit record that proves it. */
export function fieldsOf(name: EventName): EventFields {
  return { ...RECORD, ...EVENT_KINDS[name].fields };
}

/** JSON Schema of an event's `data`. */
export function dataSchema(name: EventName): JsonSchema {
  const fields = Object.entries(fieldsOf(name));
  return {
    type: 'object',
    properties: Object.fromEntries(
      fields.map(([key, { form, description }]) => [key, { ...form.schema, description }]),
    ),
    required: fields.filter(([, { isOptional }]) => !isOptional).map(([key]) => key),
    additionalProperties: false,
  };
}

/** An example of an event's `data`. */
export function dataExample(name: EventName): Readonly<Record<string, unknown>> {
  return { audit_log_id: '4711', ...EVENT_KINDS[name].example };
}
