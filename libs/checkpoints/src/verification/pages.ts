import type { EntityManager } from 'typeorm';

const AT_ONCE = 1000;

/**
 * The rows of a query, with a thousand in memory at a time, no matter how many there are. One at a time in a
 * transaction.
 * @param tx in which it is read to its end
 * @param query SQL of one SELECT
 */
export async function* pagesOf<Row>(
  tx: EntityManager,
  query: string,
  parameters: readonly unknown[] = [],
): AsyncGenerator<Row> {
  await tx.query(`DECLARE paged NO SCROLL CURSOR FOR ${query}`, [...parameters]);
  for (;;) {
    const rows = await tx.query<Row[]>(`FETCH ${AT_ONCE} FROM paged`);
    yield* rows;
    if (rows.length < AT_ONCE) break;
  }
  await tx.query('CLOSE paged');
}
