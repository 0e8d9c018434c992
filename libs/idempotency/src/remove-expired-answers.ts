import { REMOVAL_BATCH, type Removal, removeInBatches, transaction } from '@aegis/database';
import type { DataSource } from 'typeorm';

/** now(), which stands still within a statement, for clock_timestamp() would keep the index from being used. */
const EXPIRED = `created_at <= now() - interval '24 hours'`;

/**
 * Removes remembered answers that are older than 24 hours.
 * @param goesOn whether to remove more, asked before each batch
 */
export function removeExpiredAnswers(dataSource: DataSource, goesOn: () => boolean): Promise<Removal> {
  return removeInBatches(
    goesOn,
    () => removeBatch(dataSource),
    () => countExpiredAnswers(dataSource),
  );
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
      [REMOVAL_BATCH],
    );
    return removed;
  });
}
