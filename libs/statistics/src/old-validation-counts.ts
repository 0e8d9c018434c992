import type { DataSource } from 'typeorm';

const OLD = `minute < clock_timestamp() - interval '25 hours'`;

/**
 * Removes counts of validations that no statistic needs any longer.
 * @returns how many rows
 */
export async function removeOldValidationCounts(dataSource: DataSource): Promise<number> {
  const [, removed] = await dataSource.query<[unknown, number]>(`DELETE FROM validation_counts WHERE ${OLD}`);
  return removed;
}

/** Counts those rows. */
export async function countOldValidationCounts(dataSource: DataSource): Promise<number> {
  const [row] = await dataSource.query<{ count: number }[]>(
    `SELECT count(*)::int AS count FROM validation_counts WHERE ${OLD}`,
  );
  return row?.count ?? 0;
}
