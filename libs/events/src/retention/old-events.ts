import type { DataSource } from 'typeorm';

/** Events a transaction: short ones delay nobody. */
const BATCH = 1000;

/** How many were removed, and whether none is left. */
interface Removed {
  removed: number;
  complete: boolean;
}

/**
 * Removes events that got their places longer ago than they are kept, from the first on. Who asks for one of them is
 * answered that it was removed.
 * @param days for which they are kept
 * @param goesOn whether to remove more, asked before each batch
 */
export async function removeOldEvents(
  dataSource: DataSource,
  days: number,
  goesOn: () => boolean,
): Promise<Removed> {
  let removed = 0;
  while (goesOn()) {
    const [row] = await dataSource.query<{ removed: number }[]>('SELECT events_forget($1, $2) AS removed', [
      days,
      BATCH,
    ]);
    const batch = row?.removed ?? 0;
    if (batch === 0) return { removed, complete: true };
    removed += batch;
  }
  return { removed, complete: (await countOldEvents(dataSource, days)) === 0 };
}

/**
 * Counts them.
 * @param days for which they are kept
 */
export async function countOldEvents(dataSource: DataSource, days: number): Promise<number> {
  const [row] = await dataSource.query<{ count: number }[]>(
    `SELECT count(*)::int AS count FROM events WHERE numbered_at < now() - make_interval(hours => 24 * $1::integer)`,
    [days],
  );
  return row?.count ?? 0;
}
