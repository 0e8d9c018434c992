import type { Removal } from '@aegis/database';
import type { DataSource } from 'typeorm';

/** Rows of one transaction: short ones delay nobody. */
const BATCH = 1000;

/** SQL: texts that were kept for a week, or that are about a customer that was removed. A receiver may say anything. */
const IS_OLD = `
  (old.attempted_at < now() - interval '7 days' OR EXISTS (
    SELECT FROM events AS event JOIN customers AS customer ON customer.id = event.customer_id
    WHERE event.position = old.position AND customer.deleted_at IS NOT NULL))`;

/** However many texts there are, a statement looks at as many as it has time for, in the order of their index. */
const EMPTY = `
  WITH looked_at AS MATERIALIZED (
    SELECT old.endpoint_id, old.sequence, old.position, old.attempted_at FROM webhook_deliveries AS old
    WHERE old.answer IS NOT NULL AND (old.attempted_at, old.endpoint_id, old.sequence) > ($1, $2, $3)
    ORDER BY old.attempted_at, old.endpoint_id, old.sequence LIMIT ${BATCH}
  ), emptied AS (
    UPDATE webhook_deliveries AS delivery SET answer = NULL FROM looked_at AS old
    WHERE delivery.endpoint_id = old.endpoint_id AND delivery.sequence = old.sequence
      AND delivery.attempted_at = old.attempted_at AND ${IS_OLD}
    RETURNING 1
  )
  SELECT (SELECT count(*) FROM emptied)::integer AS removed, (SELECT count(*) FROM looked_at)::integer AS looked_at,
         last.attempted_at::text, last.endpoint_id, last.sequence
  FROM (VALUES (1)) AS always
  LEFT JOIN LATERAL (
    SELECT * FROM looked_at ORDER BY attempted_at DESC, endpoint_id DESC, sequence DESC LIMIT 1) AS last ON true`;

interface Emptied {
  removed: number;
  looked_at: number;
  attempted_at: string;
  endpoint_id: string;
  sequence: string;
}

const BEFORE_ALL = ['-infinity', '00000000-0000-0000-0000-000000000000', '0'];

/**
 * Empties the texts of failed answers after a week, and those about customers that were removed.
 * @param goesOn whether to look at more, asked before each batch
 */
export async function emptyOldAnswers(dataSource: DataSource, goesOn: () => boolean): Promise<Removal> {
  let removed = 0;
  let after = BEFORE_ALL;
  while (goesOn()) {
    const [batch] = await dataSource.query<Emptied[]>(EMPTY, after);
    removed += batch?.removed ?? 0;
    if (batch === undefined || batch.looked_at < BATCH) return { removed, complete: true };
    after = [batch.attempted_at, batch.endpoint_id, batch.sequence];
  }
  return { removed, complete: (await countOldAnswers(dataSource)) === 0 };
}

/** Counts them. */
export async function countOldAnswers(dataSource: DataSource): Promise<number> {
  const [row] = await dataSource.query<{ count: number }[]>(
    `SELECT count(*)::int AS count FROM webhook_deliveries AS old WHERE old.answer IS NOT NULL AND ${IS_OLD}`,
  );
  return row?.count ?? 0;
}
