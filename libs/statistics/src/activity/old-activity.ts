import type { DataSource } from 'typeorm';

/** For how long what was counted by the hour is kept. */
export const ACTIVITY_DAYS = 400;

const OLD = `hour < clock_timestamp() - interval '${ACTIVITY_DAYS * 24} hours'`;

/**
 * Removes what was counted long ago.
 * @returns how many rows
 */
export async function removeOldActivity(dataSource: DataSource): Promise<number> {
  const [, removed] = await dataSource.query<[unknown, number]>(`DELETE FROM activity_counts WHERE ${OLD}`);
  return removed;
}

/** Counts those rows. */
export async function countOldActivity(dataSource: DataSource): Promise<number> {
  const [row] = await dataSource.query<{ count: number }[]>(
    `SELECT count(*)::int AS count FROM activity_counts WHERE ${OLD}`,
  );
  return row?.count ?? 0;
}
