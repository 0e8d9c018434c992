import { columnNestsTooDeep } from './nesting';

/** Columns of `audit_logs` whose type bounds no length, except for `event_data`. */
const TEXTS = [
  'event_type',
  'customer_id',
  'module_name',
  'api_key_id',
  'actor',
  'user_agent',
  'request_id',
] as const;

/** Bytes of one record, or of records that are read at once, at most: a process that reads hundreds of megabytes ends. */
export const MOST_RECORD_BYTES = 32 * 1024 * 1024;
/**
 * A stored jsonb value with more bytes is treated as too large, without making a text of it to measure its length. Up
 * to here that is some 64 MB; the database's CHECK admits 64 KiB of text.
 */
const MOST_STORED_BYTES = 256 * 1024;

/**
 * SQL: how many bytes the texts of a record have, as a double; more than `MOST_RECORD_BYTES` if it would cost too much
 * to find out. The stored size alone says little: a text of 300 MB of one character is stored in 4 MB.
 * @param table name or alias of `audit_logs` in the query
 */
export function recordBytes(table: string): string {
  const texts = TEXTS.map((column) => `coalesce(octet_length(${table}.${column}), 0)::float8`);
  return `(${jsonBytes(`${table}.event_data`)} + ${texts.join(' + ')})`;
}

/**
 * SQL: the columns of a record that a leaf is made of, under their own names; the texts are null unless a condition
 * holds.
 * @param table name or alias of `audit_logs` in the query
 * @param condition SQL
 */
export function recordColumnsWhere(table: string, condition: string): string {
  const texts = [...TEXTS, 'event_data'].map(
    (column) => `CASE WHEN ${condition} THEN ${table}.${column} END AS ${column}`,
  );
  return [
    ...['id', 'recorded_at', 'license_id', 'occurred_at'].map((column) => `${table}.${column}`),
    ...texts,
  ].join(', ');
}

/** What a list shows of a text: all that the server and the database's CHECKs admit. */
export function shownText(column: string): string {
  return `left(${column}, 2000)`;
}

/** What a list shows of `event_data`: `{"too_large": true}` in place of more, or deeper, than the database's CHECKs admit. */
export function shownData(column: string): string {
  return `CASE WHEN ${jsonBytes(column)} <= 65536 AND NOT ${columnNestsTooDeep(column)}
    THEN ${column} ELSE '{"too_large": true}'::jsonb END`;
}

function jsonBytes(column: string): string {
  return `(CASE WHEN pg_column_size(${column}) > ${MOST_STORED_BYTES} THEN ${2 * MOST_RECORD_BYTES}
    ELSE coalesce(octet_length(${column}::text), 0) END)::float8`;
}
