import type { EntityManager } from 'typeorm';
import type { VerifiedChain } from './chain-verification';
import type { Dropped } from './dropped-records';
import { jwsFrom } from '../checkpoint';
import { THIS_CLUSTER } from '../cluster';
import type { OnFinding } from './finding';
import { isLeafOfSomeTree } from '../tree/sealed-records';

const AT_ONCE = 1000;

/** What of a verified chain says which records are sealed. */
type Sealing = Pick<VerifiedChain, 'since' | 'lastGood' | 'completeTo' | 'strays'> & {
  dropped: Dropped | undefined;
};

/**
 * No checkpoint seals this record: no seal with its id is a leaf of a checkpoint that is there and either has its time, or
 * was reported as one whose record has another time now. The latter is so of a seal whose own record is not there, unless
 * that one counts as dropped ($4: before this time), or its checkpoint was not looked at. $1 is the last good checkpoint,
 * $2 are records whose seals are not leaves. What a forged checkpoint seals is reported with that checkpoint. Seals of
 * checkpoints before $3 were not looked at: of these the size of the tree says which can be leaves.
 */
const UNSEALED = `NOT EXISTS (
  SELECT FROM audit_seals AS seal JOIN sealing ON sealing.number = seal.checkpoint
  WHERE seal.audit_id = record.id AND ${isLeafOfSomeTree('seal')}
    AND (sealing.size IS NULL OR seal.leaf_index < sealing.size)
    AND seal.audit_id <> ALL ($2::bigint[])
    AND (seal.recorded_at = record.recorded_at OR (
      seal.checkpoint >= $3::bigint AND ($4::timestamptz IS NULL OR seal.recorded_at >= $4::timestamptz)
      AND NOT EXISTS (
        SELECT FROM audit_logs AS sealed WHERE sealed.id = seal.audit_id AND sealed.recorded_at = seal.recorded_at))))`;
const SEALING = `sealing AS MATERIALIZED (
  SELECT number, CASE WHEN number < $3::bigint THEN audit_checkpoint_size(${jwsFrom('jws')}) END AS size
  FROM audit_checkpoints WHERE number >= 1)`;
const LAST = `(SELECT sealed_xact, sealed_id, cluster FROM audit_checkpoints WHERE number = $1) AS last`;

/**
 * Reports records that have no seal although the records of their transaction's time are sealed, although this cluster
 * has not reached their transaction, or although a checkpoint says that their time is complete. Only the last of these
 * depends on a signature: a superuser can change the columns that the others compare.
 */
export async function findAdded(tx: EntityManager, chain: Sealing, onFinding: OnFinding): Promise<void> {
  let after: string | null = null;
  let rows: { id: string }[];
  do {
    rows = await tx.query<{ id: string }[]>(
      `WITH ${SEALING} SELECT record.id::text AS id FROM audit_logs AS record, ${LAST}
       WHERE ($5::bigint IS NULL OR record.id > $5) AND ${UNSEALED}
         AND ((record.xact, record.id) <= (last.sealed_xact, last.sealed_id)
              OR record.xact >= pg_snapshot_xmax(pg_current_snapshot()) AND last.cluster = ${THIS_CLUSTER}
              OR extract(epoch FROM record.recorded_at) < $6::numeric)
       ORDER BY record.id LIMIT ${AT_ONCE}`,
      [...parameters(chain), after, chain.completeTo],
    );
    for (const { id } of rows) {
      onFinding({ kind: 'record_added', record: id });
      after = id;
    }
  } while (rows.length === AT_ONCE);
}

/** How many records wait to be sealed. If the trail has come from another cluster, all unsealed records. */
export async function countWaiting(tx: EntityManager, chain: Sealing): Promise<number> {
  const [row] = await tx.query<{ waiting: number }[]>(
    `WITH ${SEALING} SELECT count(*)::int AS waiting
     FROM audit_logs AS record LEFT JOIN ${LAST} ON true
     WHERE (last.sealed_xact IS NULL OR last.cluster <> ${THIS_CLUSTER}
            OR (record.xact, record.id) > (last.sealed_xact, last.sealed_id)
               AND record.xact < pg_snapshot_xmax(pg_current_snapshot()))
       AND ${UNSEALED}`,
    parameters(chain),
  );
  return row?.waiting ?? 0;
}

function parameters({ lastGood, strays, since, dropped }: Sealing): unknown[] {
  return [lastGood, strays, since, dropped?.until ?? null];
}
