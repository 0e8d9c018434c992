import { transaction } from '@aegis/database';
import type { DataSource } from 'typeorm';

/** Rows a transaction: short ones hold nobody up. */
const BATCH = 1000;
/** now(), which stands still within a statement, for clock_timestamp() would keep the index from being used. */
const EXPIRED = `created_at <= now() - interval '24 hours'`;

/**
 * Removes remembered answers that are older than 24 hours.
 * @param goesOn whether to remove more, asked before each batch
 * @returns how many were removed, and whether none is left
 */
export async function removeExpiredAnswers(
  dataSource: DataSource,
  goesOn: () => boolean,
): Promise<{ removed: number; complete: boolean }> {
  let removed = 0;
  let batch = BATCH;
  while (batch === BATCH && goesOn()) {
    batch = await removeBatch(dataSource);
    removed += batch;
  }
  return { removed, complete: batch < BATCH };
}

/** Counts them. */
export async function countExpiredAnswers(dataSource: DataSource): Promise<number> {
  const [row] = await dataSource.query<{ count: number }[]>(
    `SELECT count(*)::int AS count FROM idempotency_keys WHERE ${EXPIRED}`,
  );
  return row?.count ?? 0;
}

function removeBatch(dataSource: DataSource): Promise<number> {
  return transaction(dataSource, async (tx) => {
    const [, removed] = await tx.query<[unknown, number]>(
      `DELETE FROM idempotency_keys WHERE key_hash IN (
         SELECT key_hash FROM idempotency_keys WHERE ${EXPIRED} ORDER BY created_at LIMIT $1)`,
      [BATCH],
    );
    return removed;
  });
}
