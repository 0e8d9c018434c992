import type { EntityManager } from 'typeorm';
import type { Tell } from './finding';

const AT_ONCE = 1000;

/** No seal is this record's: none with its id, or one whose record is there under its own time. */
const UNSEALED = `NOT EXISTS (
  SELECT FROM audit_seals AS seal
  WHERE seal.audit_id = record.id AND (seal.recorded_at = record.recorded_at OR NOT EXISTS (
    SELECT FROM audit_logs AS sealed WHERE sealed.id = seal.audit_id AND sealed.recorded_at = seal.recorded_at)))`;
const LAST = `(SELECT sealed_xact, sealed_id, cluster FROM audit_checkpoints ORDER BY number DESC LIMIT 1) AS last`;
const HERE = `(SELECT system_identifier || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())
               FROM pg_control_system())`;

/**
 * Tells of records that no checkpoint seals, though those of their transaction's time are sealed, or though no
 * transaction of this cluster has come so far.
 * @param since number of the checkpoint before those that are verified; 0 for all
 */
export async function findAdded(tx: EntityManager, since: number, tell: Tell): Promise<void> {
  let after = '0';
  let rows: { id: string }[];
  do {
    rows = await tx.query<{ id: string }[]>(
      `SELECT record.id::text AS id FROM audit_logs AS record, ${LAST}
       WHERE record.id > $1 AND ${UNSEALED}
         AND ((record.xact, record.id) <= (last.sealed_xact, last.sealed_id)
              OR record.xact >= pg_snapshot_xmax(pg_current_snapshot()) AND last.cluster = ${HERE})
         AND ($2 = 0 OR record.xact >= (SELECT sealed_xact FROM audit_checkpoints WHERE number = $2))
       ORDER BY record.id LIMIT ${AT_ONCE}`,
      [after, since],
    );
    for (const { id } of rows) {
      tell({ kind: 'record_added', record: id });
      after = id;
    }
  } while (rows.length === AT_ONCE);
}

/** How many records wait to be sealed. */
export async function countWaiting(tx: EntityManager): Promise<number> {
  const [row] = await tx.query<{ waiting: number }[]>(
    `SELECT count(*)::int AS waiting
     FROM audit_logs AS record LEFT JOIN ${LAST} ON true
     WHERE (last.sealed_xact IS NULL OR (record.xact, record.id) > (last.sealed_xact, last.sealed_id))
       AND record.xact < pg_snapshot_xmax(pg_current_snapshot()) AND ${UNSEALED}`,
  );
  return row?.waiting ?? 0;
}
