import { publicEventId } from '@aegis/events';

/** An event as it is on record, and the place that an endpoint knows it by. */
export interface SentEvent {
  id: string;
  type: string;
  occurredAt: Date;
  data: Readonly<Record<string, unknown>>;
  /** Of the endpoint. */
  sequence: number;
  /** Version that was pinned when the endpoint was made. */
  apiVersion: string;
}

/**
 * The body of a request, byte for byte as it is signed and sent: the same in each attempt.
 * @returns JSON as `GET /api/v1/events` gives the event, with `sequence` in place of `position`
 */
export function eventBody({ id, type, occurredAt, apiVersion, sequence, data }: SentEvent): string {
  return JSON.stringify({
    id: publicEventId(id),
    type,
    timestamp: occurredAt,
    api_version: apiVersion,
    sequence,
    data,
  });
}
