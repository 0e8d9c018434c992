import type { DataSource } from 'typeorm';

/** Rows of one transaction: short ones delay nobody. */
const BATCH = 1000;

/** How many were removed, and whether none is left. */
interface Forgotten {
  removed: number;
  complete: boolean;
}

/**
 * Removes deliveries whose event was removed, or whose endpoint was deleted, and deleted endpoints that have none left.
 * @param goesOn whether to remove more, asked before each batch
 */
export async function removeOldDeliveries(dataSource: DataSource, goesOn: () => boolean): Promise<Forgotten> {
  let removed = 0;
  while (goesOn()) {
    const [row] = await dataSource.query<{ removed: number }[]>('SELECT webhooks_forget($1) AS removed', [
      BATCH,
    ]);
    const batch = row?.removed ?? 0;
    if (batch === 0) return { removed, complete: true };
    removed += batch;
  }
  return { removed, complete: (await countOldDeliveries(dataSource)) === 0 };
}

/**
 * Counts them.
 * @param days for which events are kept: counts the deliveries of those too that were kept for longer, and are not removed
 * yet
 */
export async function countOldDeliveries(dataSource: DataSource, days?: number): Promise<number> {
  const [row] = await dataSource.query<{ count: number }[]>(
    `SELECT count(*)::int AS count FROM webhook_deliveries AS delivery
     WHERE delivery.position <= (
         SELECT greatest(place.forgotten, (
           SELECT max(event.position) FROM events AS event
           WHERE event.numbered_at < now() - make_interval(hours => 24 * $1::integer)))
         FROM event_positions AS place)
        OR EXISTS (SELECT FROM webhook_endpoints AS endpoint
                   WHERE endpoint.id = delivery.endpoint_id AND endpoint.deleted_at IS NOT NULL)`,
    [days ?? null],
  );
  return row?.count ?? 0;
}
