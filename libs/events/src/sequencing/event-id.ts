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

/**
 * SQL: the same id.
 * @param record alias of `audit_logs` in the query
 */
export function eventIdSql(record: string): string {
  const hash = `sha256(convert_to('aegis-event-1:' || ${record}.id || ':' || (extract(epoch FROM ${record}.recorded_at) * 1000)::bigint, 'UTF8'))`;
  return `(SELECT encode(substr(set_byte(set_byte(hash, 6, get_byte(hash, 6) & 15 | 128), 8, get_byte(hash, 8) & 63 | 128), 1, 16), 'hex')::uuid
           FROM (SELECT ${hash} AS hash) AS hashed)`;
}

/** An event's id as callers see it. */
export function publicEventId(id: string): string {
  return `evt_${id.replaceAll('-', '')}`;
}
