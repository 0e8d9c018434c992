import { REMOVAL_BATCH, type Removal, removeInBatches } from '@aegis/database';
import type { DataSource } from 'typeorm';

/**
 * Removes events that got their places longer ago than they are kept, from the first on. Who asks for one of them is
 * answered that it was removed.
 * @param days for which they are kept
 * @param goesOn whether to remove more, asked before each batch
 */
export function removeOldEvents(
  dataSource: DataSource,
  days: number,
  goesOn: () => boolean,
): Promise<Removal> {
  const removeBatch = async (): Promise<number> => {
    const [row] = await dataSource.query<{ removed: number }[]>('SELECT events_forget($1, $2) AS removed', [
      days,
      REMOVAL_BATCH,
    ]);
    return row?.removed ?? 0;
  };
  return removeInBatches(goesOn, removeBatch, () => countOldEvents(dataSource, days));
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
