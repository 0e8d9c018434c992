import { EVENT_KINDS, EVENT_NAMES, type EventName, fieldsOf } from '../catalogue/event-kinds';
import type { EventSource } from '../catalogue/fields';

/** What an event says, before it has a place. */
export interface EventContent {
  type: EventName;
  occurredAt: Date;
  data: Readonly<Record<string, unknown>>;
}

/** Kinds that are made of a record of another type, by how an activation ended. */
const ENDS: ReadonlyMap<unknown, EventName> = new Map([
  ['released', 'activation.released'],
  ['lease', 'activation.lapsed'],
]);
/** Types of records whose event has a name of its own. */
const RENAMED: ReadonlyMap<string, EventName> = new Map([['audit_log.restored', 'database.restored']]);

/** Types of the audit records that make events. */
export const SOURCE_TYPES: readonly string[] = [
  ...EVENT_NAMES.filter((name) => ![...ENDS.values(), ...RENAMED.values()].includes(name)),
  ...RENAMED.keys(),
];

/**
 * SQL: the type of the event that an audit record makes.
 * @param record alias of `audit_logs` in the query
 */
export function eventTypeSql(record: string): string {
  const ends = [...ENDS].map(([how, name]) => `WHEN '${String(how)}' THEN '${name}'`).join(' ');
  const renamed = [...RENAMED].map(([type, name]) => `WHEN '${type}' THEN '${name}'`).join(' ');
  return `CASE ${record}.event_type ${renamed}
    WHEN 'activation.ended' THEN CASE ${record}.event_data ->> 'ended_by' ${ends} ELSE ${record}.event_type END
    ELSE ${record}.event_type END`;
}

/**
 * The event that an audit record makes.
 * @param source of one of SOURCE_TYPES
 */
export function eventOfRecord(source: EventSource): EventContent {
  const type = typeOf(source);
  return { type, occurredAt: source.occurred_at ?? source.recorded_at, data: dataOf(type, source) };
}

function typeOf({ event_type, event_data }: EventSource): EventName {
  const renamed = event_type === 'activation.ended' ? ENDS.get(event_data.ended_by) : RENAMED.get(event_type);
  if (renamed !== undefined) return renamed;
  if (!isEventName(event_type)) throw new Error(`an audit record of the type ${event_type} makes no event`);
  return event_type;
}

function isEventName(text: string): text is EventName {
  return Object.hasOwn(EVENT_KINDS, text);
}

/** Only what the catalogue names, in its form: the server's role of the database can append any record. */
function dataOf(type: EventName, source: EventSource): Record<string, unknown> {
  const data: Record<string, unknown> = {};
  for (const [key, { form, read }] of Object.entries(fieldsOf(type))) {
    const value = read(source);
    if (value !== undefined && form.holds(value)) data[key] = value;
  }
  return data;
}
