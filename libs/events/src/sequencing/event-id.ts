import { createHash } from 'node:crypto';

/**
 * The id of an event, which follows from its audit record: an event that is made again after a restore is the same one to
 * who has seen it.
 * @param recordId of the audit record
 * @param recordedAt of the audit record
 * @returns a UUID of version 8 (RFC 9562)
 */
export function eventId(recordId: string, recordedAt: Date): string {
  const hash = createHash('sha256').update(`aegis-event-1:${recordId}:${recordedAt.getTime()}`).digest();
  hash[6] = (hash.readUInt8(6) & 0x0f) | 0x80;
  hash[8] = (hash.readUInt8(8) & 0x3f) | 0x80;
  const hex = hash.toString('hex', 0, 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** An event's id as callers see it. */
export function publicEventId(id: string): string {
  return `evt_${id.replaceAll('-', '')}`;
}
