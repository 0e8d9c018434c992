import { STATUS_LIST_SIZE } from '@aegis/status-lists';
import type { EntityManager } from 'typeorm';

/** Ids of audit records that may have been given to records that were never shipped. */
const RECORDS_LEAPT = 1_000_000_000;
/** Positions that may have been given to events since the restored moment: one for each record at most. */
const POSITIONS_LEAPT = RECORDS_LEAPT;
/** Lists that are left out where nothing is known of what was issued since. */
const UNKNOWN_LISTS = 10;
/**
 * Lists that can have been begun since the restored moment, at most: 131 billion places. What a row says beyond is false,
 * and must not take the rest of the numbers.
 */
const MOST_LISTS_BEGUN = 1_000_000;

/** Lists of activations that are left out each time: those that were admitted since are in no record that is replayed. */
const ACTIVATION_LISTS_LEAPT = 1_000;

/** Where the next ones begin. */
export interface Leapt {
  /** Id of an audit record. */
  audit_id: string;
  /** Number of a status list. */
  status_list: number;
  /** Number of a status list of activations. */
  activation_list: number;
  /** Position of an event. */
  event_position: string;
}

/**
 * Lets sequences continue after every number that may have been used before the restore, also by records that were
 * never shipped: two tokens must not share a place in a status list, nor two records an id.
 * @param tx of the owner
 * @param isComplete whether the database has everything that was shipped; otherwise more lists are skipped
 */
export async function leapSequences(tx: EntityManager, isComplete: boolean): Promise<Leapt> {
  const [row] = await tx.query<Leapt[]>(
    `WITH event AS (
       UPDATE event_positions SET last = last + $3 RETURNING last
     ), last AS (
       SELECT coalesce(max(status_list), -1)::bigint AS list FROM license_tokens
       WHERE status_list <= (SELECT last_value / ${STATUS_LIST_SIZE} FROM license_tokens_status_number_seq) + ${MOST_LISTS_BEGUN}
     ), filled AS (
       SELECT list, (SELECT count(*) FROM license_tokens WHERE status_list = last.list) AS tokens FROM last
     ), next AS (
       SELECT greatest(list + 1 + CASE WHEN NOT $2 THEN ${UNKNOWN_LISTS} WHEN tokens > ${STATUS_LIST_SIZE / 2} THEN 1 ELSE 0 END,
                       (SELECT ceil((last_value + 1) / ${STATUS_LIST_SIZE}.0) FROM license_tokens_status_number_seq)) AS list
       FROM filled
     )
     SELECT setval('audit_logs_id_seq',
                   greatest((SELECT last_value FROM audit_logs_id_seq), (SELECT max(id) FROM audit_logs)) + $1, false)::text AS audit_id,
            (setval('license_tokens_status_number_seq', (next.list * ${STATUS_LIST_SIZE})::bigint) / ${STATUS_LIST_SIZE})::int AS status_list,
            (setval('activations_status_number_seq',
                    (SELECT last_value / ${STATUS_LIST_SIZE} + 1 + ${ACTIVATION_LISTS_LEAPT} FROM activations_status_number_seq)
                    * ${STATUS_LIST_SIZE}) / ${STATUS_LIST_SIZE})::int AS activation_list,
            (event.last + 1)::text AS event_position
     FROM next, event`,
    [RECORDS_LEAPT, isComplete, POSITIONS_LEAPT],
  );
  if (row === undefined) throw new Error('The database did not say where its sequences are.');
  return row;
}
