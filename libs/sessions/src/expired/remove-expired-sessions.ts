import { REMOVAL_BATCH, type Removal, removeInBatches, transaction } from '@aegis/database';
import type { DataSource } from 'typeorm';

/** An hour longer than a session may be unused, because its last use may not be written yet. */
const EXPIRED = `expires_at <= now() OR last_used_at <= now() - interval '2 hours'`;

/**
 * Removes sessions that have expired, or were left. Those that were ended are gone already.
 * @param goesOn whether to remove more, asked before each batch
 */
export function removeExpiredSessions(dataSource: DataSource, goesOn: () => boolean): Promise<Removal> {
  return removeInBatches(
    goesOn,
    () => removeBatch(dataSource),
    () => countExpiredSessions(dataSource),
  );
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
      [REMOVAL_BATCH],
    );
    return removed;
  });
}
