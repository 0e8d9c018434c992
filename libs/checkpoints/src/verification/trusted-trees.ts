import type { EntityManager } from 'typeorm';
import { jwsFrom } from '../checkpoint';
import type { OnFinding } from './finding';
import { pagesOf } from './pages';

/**
 * Reports the checkpoints before the first that is verified whose leaves do not have one seal each. What these seals say
 * is not verified, but a second seal of a leaf would make any record count as sealed.
 * @param since number of the first checkpoint that is verified
 */
export async function findChangedTrees(
  tx: EntityManager,
  since: number,
  onFinding: OnFinding,
): Promise<void> {
  if (since <= 1) return;
  const changed = pagesOf<{ checkpoint: number }>(
    tx,
    `WITH tree AS MATERIALIZED (
       SELECT number, audit_checkpoint_size(${jwsFrom('jws')}) AS size
       FROM audit_checkpoints WHERE number >= 1 AND number < $1)
     SELECT tree.number::float8 AS checkpoint
     FROM tree LEFT JOIN audit_seals AS seal
       ON seal.checkpoint = tree.number AND seal.leaf_index >= 0 AND seal.leaf_index < tree.size
     GROUP BY tree.number, tree.size
     HAVING count(seal.audit_id) <> tree.size OR count(DISTINCT seal.leaf_index) <> tree.size
     ORDER BY tree.number`,
    [since],
  );
  for await (const { checkpoint } of changed) onFinding({ kind: 'seals_changed', checkpoint });
}
