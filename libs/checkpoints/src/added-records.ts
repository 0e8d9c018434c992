import type { EntityManager } from 'typeorm';
import type { VerifiedChain } from './chain/chain-verification';
import type { Tell } from './finding';

const AT_ONCE = 1000;

/** What of a verified chain says which records are sealed. */
type Sealing = Pick<VerifiedChain, 'lastGood' | 'strays'>;

/**
 * No checkpoint seals this record: no seal with its id is a leaf of a checkpoint that is there, or only one whose record
 * is there under its own time. $1 is the last good checkpoint, $2 are records whose seals are no leaves. What a forged
 * checkpoint seals is told with that checkpoint.
 */
const UNSEALED = `NOT EXISTS (
  SELECT FROM audit_seals AS seal JOIN audit_checkpoints AS sealing ON sealing.number = seal.checkpoint
  WHERE seal.audit_id = record.id
    AND seal.audit_id <> ALL ($2::bigint[])
    AND (seal.recorded_at = record.recorded_at OR NOT EXISTS (
      SELECT FROM audit_logs AS sealed WHERE sealed.id = seal.audit_id AND sealed.recorded_at = seal.recorded_at)))`;
const LAST = `(SELECT sealed_xact, sealed_id, cluster FROM audit_checkpoints WHERE number = $1) AS last`;
const HERE = `(SELECT system_identifier || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())
               FROM pg_control_system())`;

/**
 * Tells of records that no checkpoint seals, though those of their transaction's time are sealed, or though no
 * transaction of this cluster has come so far.
 */
export async function findAdded(tx: EntityManager, chain: Sealing, tell: Tell): Promise<void> {
  let after = '0';
  let rows: { id: string }[];
  do {
    rows = await tx.query<{ id: string }[]>(
      `SELECT record.id::text AS id FROM audit_logs AS record, ${LAST}
       WHERE record.id > $3 AND ${UNSEALED}
         AND ((record.xact, record.id) <= (last.sealed_xact, last.sealed_id)
              OR record.xact >= pg_snapshot_xmax(pg_current_snapshot()) AND last.cluster = ${HERE})
       ORDER BY record.id LIMIT ${AT_ONCE}`,
      [...parameters(chain), after],
    );
    for (const { id } of rows) {
      tell({ kind: 'record_added', record: id });
      after = id;
    }
  } while (rows.length === AT_ONCE);
}

/** How many records wait to be sealed. */
export async function countWaiting(tx: EntityManager, chain: Sealing): Promise<number> {
  const [row] = await tx.query<{ waiting: number }[]>(
    `SELECT count(*)::int AS waiting
     FROM audit_logs AS record LEFT JOIN ${LAST} ON true
     WHERE (last.sealed_xact IS NULL OR (record.xact, record.id) > (last.sealed_xact, last.sealed_id))
       AND record.xact < pg_snapshot_xmax(pg_current_snapshot()) AND ${UNSEALED}`,
    parameters(chain),
  );
  return row?.waiting ?? 0;
}

function parameters({ lastGood, strays }: Sealing): unknown[] {
  return [lastGood, strays];
}
