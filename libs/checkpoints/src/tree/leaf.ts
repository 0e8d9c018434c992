/** Leaves of one checkpoint at most: a proof reads them all. */
export const MOST_LEAVES = 4096;

/** What a leaf is made of, as text. The IP address is not part of it, because it is removed after a while. */
export interface LeafFields {
  id: string;
  recorded_at: string;
  event_type: string;
  license_id: string | null;
  customer_id: string | null;
  module_name: string | null;
  api_key_id: string | null;
  actor: string;
  user_agent: string | null;
  request_id: string | null;
  event_data: string;
  occurred_at: string | null;
}

const utc = (column: string): string =>
  `to_char(record.${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** The SELECT list that gives `LeafFields` of `audit_logs record`. */
export const LEAF_COLUMNS = `
  record.id::text AS id, ${utc('recorded_at')} AS recorded_at, record.event_type, record.license_id::text AS license_id,
  record.customer_id, record.module_name, record.api_key_id, record.actor, record.user_agent, record.request_id,
  record.event_data::text AS event_data, ${utc('occurred_at')} AS occurred_at`;

const inWrittenYears = (column: string): string =>
  `record.${column} >= '0001-01-01T00:00:00Z' AND record.${column} < '10000-01-01T00:00:00Z'`;

/**
 * SQL: whether the texts of both times of `audit_logs record` belong to no other time. The text has no era and no
 * infinity: 2020 BC reads like 2020, and infinity like null.
 */
export const TIMES_ARE_SEALABLE = `(${inWrittenYears('recorded_at')}
  AND (record.occurred_at IS NULL OR ${inWrittenYears('occurred_at')}))`;

/**
 * The bytes of a record that are sealed: a JSON array without white space of `"aegis-audit-1"` and the fields in this
 * order, each a string or null. `event_data` is the text of PostgreSQL's jsonb, which is the same for the same value
 * and keeps every digit of a number.
 * @returns to be encoded as UTF-8
 */
export function leafOf(fields: LeafFields): string {
  return JSON.stringify([
    'aegis-audit-1',
    fields.id,
    fields.recorded_at,
    fields.event_type,
    fields.license_id,
    fields.customer_id,
    fields.module_name,
    fields.api_key_id,
    fields.actor,
    fields.user_agent,
    fields.request_id,
    fields.event_data,
    fields.occurred_at,
  ]);
}
