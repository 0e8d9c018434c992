import { REMOVAL_BATCH, type Removal, removeInBatches } from '@aegis/database';
import type { DataSource } from 'typeorm';

/** For how long the numbers of a day are kept. */
const DAYS_KEPT = 90;

const OLD_DAY = `day < (now() AT TIME ZONE 'UTC')::date - ${DAYS_KEPT}`;

/**
 * Removes activations that ended 90 days ago or earlier and of which no token counts any longer.
 * @param goesOn whether to remove more, asked before each batch
 */
export function removeEndedActivations(dataSource: DataSource, goesOn: () => boolean): Promise<Removal> {
  const removeBatch = async (): Promise<number> => {
    const [row] = await dataSource.query<{ removed: number }[]>('SELECT activations_forget($1) AS removed', [
      REMOVAL_BATCH,
    ]);
    return row?.removed ?? 0;
  };
  return removeInBatches(goesOn, removeBatch, () => countEndedActivations(dataSource));
}

/** Counts them. */
export function countEndedActivations(dataSource: DataSource): Promise<number> {
  return count(dataSource, 'activations', 'ended_at IS NOT NULL AND kept_until <= now()');
}

/**
 * Removes the numbers of days that are more than 90 days ago.
 * @param goesOn whether to remove more, asked before each batch
 */
export function removeOldSeatDays(dataSource: DataSource, goesOn: () => boolean): Promise<Removal> {
  const removeBatch = async (): Promise<number> => {
    const [, removed] = await dataSource.query<[unknown, number]>(
      `DELETE FROM seat_days WHERE (license_id, day) IN (
         SELECT license_id, day FROM seat_days WHERE ${OLD_DAY} ORDER BY day LIMIT $1)`,
      [REMOVAL_BATCH],
    );
    return removed;
  };
  return removeInBatches(goesOn, removeBatch, () => countOldSeatDays(dataSource));
}

/** Counts them. */
export function countOldSeatDays(dataSource: DataSource): Promise<number> {
  return count(dataSource, 'seat_days', OLD_DAY);
}

async function count(dataSource: DataSource, table: string, condition: string): Promise<number> {
  const [row] = await dataSource.query<{ count: number }[]>(
    `SELECT count(*)::int AS count FROM ${table} WHERE ${condition}`,
  );
  return row?.count ?? 0;
}
