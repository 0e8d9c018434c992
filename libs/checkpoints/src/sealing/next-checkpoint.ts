import { limitStatements } from '@aegis/database';
import { requiresActiveKey } from '@aegis/signing';
import type { EntityManager } from 'typeorm';
import type { LeafFields } from '../tree/leaf';
import { type Base, MOVED_TIMEOUT_MS } from './unsealed-records';

/** A signed checkpoint that will be written. */
export interface NextCheckpoint {
  /** Which key signed it: it must still be the active one. */
  kid: string;
  jws: string;
  /** In the order of the tree. */
  leaves: readonly (LeafFields & { hash: Buffer })[];
}

/**
 * Writes a checkpoint and the seals of its records, if the last checkpoint is still the one that it was built on. The
 * database's owner does so in a function, which checks everything except the signature.
 * @returns whether it was written; another process was faster otherwise
 */
export async function appendCheckpoint(
  tx: EntityManager,
  { moved }: Base,
  { kid, jws, leaves }: NextCheckpoint,
): Promise<boolean> {
  // Must be the first statement of the transaction: the function refuses every other isolation level.
  await tx.query('SET TRANSACTION ISOLATION LEVEL READ COMMITTED');
  if (moved) await limitStatements(tx, { statementMs: MOVED_TIMEOUT_MS });
  const [row] = await tx.query<{ written: boolean }[]>(
    `SELECT audit_append_checkpoint($1, $2::bigint[], $3::bytea[]) AS written
     WHERE ${requiresActiveKey('ARRAY[$4::text]')}`,
    [jws, leaves.map(({ id }) => id), leaves.map(({ hash }) => hash), kid],
  );
  return row?.written === true;
}
