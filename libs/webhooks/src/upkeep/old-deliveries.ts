import { REMOVAL_BATCH, type Removal, removeInBatches } from '@aegis/database';
import type { DataSource } from 'typeorm';

/**
 * Removes deliveries whose event was removed, or whose endpoint was deleted, and deleted endpoints that have none left.
 * @param goesOn whether to remove more, asked before each batch
 */
export function removeOldDeliveries(dataSource: DataSource, goesOn: () => boolean): Promise<Removal> {
  const removeBatch = async (): Promise<number> => {
    const [row] = await dataSource.query<{ removed: number }[]>('SELECT webhooks_forget($1) AS removed', [
      REMOVAL_BATCH,
    ]);
    return row?.removed ?? 0;
  };
  return removeInBatches(goesOn, removeBatch, () => countOldDeliveries(dataSource));
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
