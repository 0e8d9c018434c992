import { transaction } from '@aegis/database';
import type { DataSource } from 'typeorm';

/** Rows per transaction: short ones hold nobody up. */
const BATCH = 1000;
/** An hour longer than a session may be unused, because its last use may not be written yet. */
const EXPIRED = `expires_at <= now() OR last_used_at <= now() - interval '2 hours'`;

/**
 * Removes sessions that have expired, or were left. Those that were ended are gone already.
 * @param goesOn whether to remove more, asked before each batch
 * @returns how many were removed, and whether none is left
 */
export async function removeExpiredSessions(
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
export async function countExpiredSessions(dataSource: DataSource): Promise<number> {
  const [row] = await dataSource.query<{ count: number }[]>(
    `SELECT count(*)::int AS count FROM sessions WHERE ${EXPIRED}`,
  );
  return row?.count ?? 0;
}

function removeBatch(dataSource: DataSource): Promise<number> {
  return transaction(dataSource, async (tx) => {
    const [, removed] = await tx.query<[unknown, number]>(
      `DELETE FROM sessions WHERE id IN (
         SELECT id FROM sessions WHERE ${EXPIRED} ORDER BY id LIMIT $1)`,
      [BATCH],
    );
    return removed;
  });
}
