import { requiresActiveKey } from '@aegis/signing';
import type { EntityManager } from 'typeorm';
import type { LeafFields } from './leaf';
import type { Base, Position } from './unsealed-records';

const SEALER_LOCK = '4702394921427289933';

/** A signed checkpoint that is to be written. */
export interface NextCheckpoint {
  number: number;
  /** Which key signed it: it must still be the active one. */
  kid: string;
  jws: string;
  /** In the order of the tree. */
  leaves: readonly (LeafFields & { hash: Buffer })[];
  position: Position;
}

/**
 * Writes a checkpoint and the seals of its records, if the last checkpoint is still the one that it was built on.
 * @returns whether it was written; another process was faster otherwise
 */
export async function appendCheckpoint(
  tx: EntityManager,
  base: Base,
  { number, kid, jws, leaves, position }: NextCheckpoint,
): Promise<boolean> {
  const [lock] = await tx.query<{ held: boolean }[]>('SELECT pg_try_advisory_xact_lock($1) AS held', [
    SEALER_LOCK,
  ]);
  if (lock?.held !== true) return false;
  const [last] = await tx.query<{ jws: string }[]>(
    'SELECT jws FROM audit_checkpoints ORDER BY number DESC LIMIT 1',
  );
  if ((last?.jws ?? null) !== base.jws) return false;
  const { epoch, cluster, sealed_xact, sealed_id, read_at, next_xact } = position;
  await tx.query(
    `INSERT INTO audit_checkpoints (number, epoch, cluster, sealed_xact, sealed_id, read_at, next_xact, jws)
     SELECT $1, $2, $3, $4::xid8, $5, $6, $7::xid8, $8 WHERE ${requiresActiveKey('ARRAY[$9::text]')}`,
    [number, epoch, cluster, sealed_xact, sealed_id, read_at, next_xact, jws, kid],
  );
  await tx.query(
    `INSERT INTO audit_seals (audit_id, recorded_at, checkpoint, leaf_index, leaf_hash)
     SELECT audit_id, recorded_at, $1, index - 1, leaf_hash
     FROM unnest($2::bigint[], $3::timestamptz[], $4::bytea[]) WITH ORDINALITY AS leaf (audit_id, recorded_at, leaf_hash, index)`,
    [
      number,
      leaves.map(({ id }) => id),
      leaves.map(({ recorded_at }) => recorded_at),
      leaves.map(({ hash }) => hash),
    ],
  );
  return true;
}
