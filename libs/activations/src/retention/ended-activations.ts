import type { DataSource } from 'typeorm';

/** Rows a transaction: short ones hold nobody up. */
const BATCH = 1000;

/** For how long the numbers of a day are kept. */
const DAYS_KEPT = 90;

const OLD_DAY = `day < (now() AT TIME ZONE 'UTC')::date - ${DAYS_KEPT}`;

/** How many were removed, and whether none is left. */
interface Removed {
  removed: number;
  complete: boolean;
}

/**
 * Removes activations that ended 90 days ago or earlier and of which no token counts any longer.
 * @param goesOn whether to remove more, asked before each batch
 */
export function removeEndedActivations(dataSource: DataSource, goesOn: () => boolean): Promise<Removed> {
  return inBatches(goesOn, async () => {
    const [row] = await dataSource.query<{ removed: number }[]>('SELECT activations_forget($1) AS removed', [
      BATCH,
    ]);
    return row?.removed ?? 0;
  });
}

/** Counts them. */
export function countEndedActivations(dataSource: DataSource): Promise<number> {
  return count(dataSource, 'activations', 'ended_at IS NOT NULL AND kept_until <= now()');
}

/**
 * Removes the numbers of days that are more than 90 days ago.
 * @param goesOn whether to remove more, asked before each batch
 */
export function removeOldSeatDays(dataSource: DataSource, goesOn: () => boolean): Promise<Removed> {
  return inBatches(goesOn, async () => {
    const [, removed] = await dataSource.query<[unknown, number]>(
      `DELETE FROM seat_days WHERE (license_id, day) IN (
         SELECT license_id, day FROM seat_days WHERE ${OLD_DAY} ORDER BY day LIMIT $1)`,
      [BATCH],
    );
    return removed;
  });
}

/** Counts them. */
export function countOldSeatDays(dataSource: DataSource): Promise<number> {
  return count(dataSource, 'seat_days', OLD_DAY);
}

async function inBatches(goesOn: () => boolean, removeBatch: () => Promise<number>): Promise<Removed> {
  let removed = 0;
  let batch = BATCH;
  while (batch === BATCH && goesOn()) {
    batch = await removeBatch();
    removed += batch;
  }
  return { removed, complete: batch < BATCH };
}

async function count(dataSource: DataSource, table: string, condition: string): Promise<number> {
  const [row] = await dataSource.query<{ count: number }[]>(
    `SELECT count(*)::int AS count FROM ${table} WHERE ${condition}`,
  );
  return row?.count ?? 0;
}
