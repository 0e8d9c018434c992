import { EVENT_KINDS, type EventName, fieldsOf } from '../catalogue/event-kinds';
import type { EventSource } from '../catalogue/fields';

/** What an event says, before it has a place. */
export interface EventContent {
  type: EventName;
  occurredAt: Date;
  data: Readonly<Record<string, unknown>>;
}

/**
 * The event that an audit record makes.
 * @returns undefined for a record that makes none
 */
export function eventOfRecord(source: EventSource): EventContent | undefined {
  const type = typeOf(source);
  if (type === undefined) return undefined;
  return { type, occurredAt: source.occurred_at ?? source.recorded_at, data: dataOf(type, source) };
}

function typeOf({ event_type, event_data }: EventSource): EventName | undefined {
  if (event_type === 'activation.ended')
    switch (event_data.ended_by) {
      case 'released':
        return 'activation.released';
      case 'lease':
        return 'activation.lapsed';
      default:
        return 'activation.ended';
    }
  return isEventName(event_type) ? event_type : undefined;
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
