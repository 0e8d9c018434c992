import type { EntityManager } from 'typeorm';

/**
 * Finds where the deliveries of an endpoint since a moment begin: later ones have greater sequences, so that a few looks
 * at the primary key find it, however many there are.
 * @returns a sequence that is not greater than theirs, and greater than that of any earlier one
 */
export async function firstSequenceSince(
  tx: EntityManager,
  endpointId: string,
  since: Date,
): Promise<number> {
  const [progress] = await tx.query<{ last: number }[]>(
    'SELECT sequence::float8 AS last FROM webhook_progress WHERE endpoint_id = $1',
    [endpointId],
  );
  let low = 1;
  let high = (progress?.last ?? 0) + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [next] = await tx.query<{ found: number; is_since: boolean }[]>(
      `SELECT sequence::float8 AS found, created_at >= $3 AS is_since FROM webhook_deliveries
       WHERE endpoint_id = $1 AND sequence >= $2 ORDER BY sequence LIMIT 1`,
      [endpointId, middle, since],
    );
    if (next === undefined || next.is_since) high = middle;
    else low = next.found + 1;
  }
  return low;
}
