import { limitStatements } from '@aegis/database';
import type { DataSource } from 'typeorm';
import type { Diagnosis } from './diagnosis';
import type { RowRule } from './row-rules';

const MOST_EXAMPLES = 5;

/** Looks for rows that contradict each other or belong to nothing, all as of one moment. */
export function examineRows(dataSource: DataSource, rules: readonly RowRule[]): Promise<Diagnosis[]> {
  return dataSource.transaction('REPEATABLE READ', async (tx) => {
    await limitStatements(tx, { statementMs: 0, idleInTransactionMs: 0 });
    const found: Diagnosis[] = [];
    for (const { message, remedy, broken } of rules) {
      const [row] = await tx.query<{ count: number; examples: string[] }[]>(
        `WITH broken AS MATERIALIZED (${broken})
         SELECT count(*)::float8 AS count,
                array(SELECT id FROM broken ORDER BY id LIMIT ${MOST_EXAMPLES}) AS examples FROM broken`,
      );
      if (row && row.count > 0)
        found.push({
          severity: 'problem',
          message: `${row.count} ${message}`,
          remedy,
          examples: row.examples,
        });
    }
    return found;
  });
}
