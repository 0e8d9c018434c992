import type { EntityManager } from 'typeorm';
import { isLeafOfSomeTree } from '../tree/sealed-records';
import { missingCheckpoints, type OnFinding } from './finding';
import { pagesOf } from './pages';

const AT_ONCE = 1000;

/**
 * Reports checkpoints with a number below 1 or too large for a JavaScript number; checkpoints after the last one of
 * which only seals are left; and every seal without a checkpoint: seals of a missing checkpoint, seals that never had
 * one, and seals at places that no tree has.
 * @param since number of the first checkpoint that is verified
 * @param last number of the last checkpoint that exists
 */
export async function findStraySeals(
  tx: EntityManager,
  since: number,
  last: number,
  onFinding: OnFinding,
): Promise<void> {
  const outside = pagesOf<{ number: string }>(
    tx,
    `SELECT number::text AS number FROM audit_checkpoints WHERE number < 1 OR number > ${Number.MAX_SAFE_INTEGER}
     ORDER BY audit_checkpoints.number`,
  );
  for await (const { number } of outside)
    onFinding({ kind: 'checkpoint_forged', checkpoint: Number(number) });
  const cut = pagesOf<{ from: number; to: number }>(
    tx,
    `SELECT min(checkpoint)::float8 AS from, max(checkpoint)::float8 AS to
     FROM (SELECT checkpoint, checkpoint::numeric - row_number() OVER (ORDER BY checkpoint) AS run
           FROM (SELECT DISTINCT checkpoint FROM audit_seals WHERE checkpoint > $1) AS sealed) AS numbered
     GROUP BY run ORDER BY 1`,
    [last],
  );
  for await (const { from, to } of cut) onFinding(missingCheckpoints(from, to));
  let after: string | null = null;
  let rows: { id: string; checkpoint: string; leaf: number }[];
  do {
    rows = await tx.query<typeof rows>(
      `SELECT audit_id::text AS id, checkpoint::text AS checkpoint, leaf_index AS leaf FROM audit_seals AS seal
       WHERE ($1::bigint IS NULL OR audit_id > $1)
         AND (checkpoint < 1
              OR checkpoint >= $2 AND (
                ${isLeafOfSomeTree('seal')} IS NOT TRUE
                OR NOT EXISTS (SELECT FROM audit_checkpoints WHERE number = seal.checkpoint)))
       ORDER BY audit_id LIMIT ${AT_ONCE}`,
      [after, since],
    );
    for (const { id, checkpoint, leaf } of rows) {
      onFinding({ kind: 'seal_stray', record: id, checkpoint: Number(checkpoint), leaf });
      after = id;
    }
  } while (rows.length === AT_ONCE);
}
