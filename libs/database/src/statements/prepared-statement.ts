import type { ClientBase, Pool, QueryResultRow } from 'pg';
import { DataSource, type EntityManager, QueryFailedError, QueryRunnerAlreadyReleasedError } from 'typeorm';
import { poolOf } from '../connections/driver-internals';

/**
 * A statement that each connection parses and plans once: for those that run with nearly every request. It goes to
 * the driver without TypeORM's query runner, which makes a dozen promises a query (docs/adr/0023).
 */
export class PreparedStatement<Row extends QueryResultRow> {
  /**
   * @param name of its own in the whole program, at most 63 characters
   * @param text with $1, $2, …; names its columns, since `*` would break when a column is added
   */
  constructor(
    private readonly name: string,
    private readonly text: string,
  ) {}

  /**
   * @param on the transaction that it belongs to, or the data source for one of its own
   * @throws QueryFailedError and QueryRunnerAlreadyReleasedError as TypeORM's own queries do
   */
  async run(on: EntityManager | DataSource, values: unknown[]): Promise<Row[]> {
    const connection = await connectionOf(on);
    try {
      const { rows } = await connection.query<Row>({ name: this.name, text: this.text, values });
      return rows;
    } catch (error) {
      throw error instanceof Error ? new QueryFailedError(this.text, values, error) : error;
    }
  }
}

/** The transaction's connection, or the pool, which lends one for each statement. */
async function connectionOf(on: EntityManager | DataSource): Promise<ClientBase | Pool> {
  const runner = on instanceof DataSource ? undefined : on.queryRunner;
  if (runner) {
    // Its connection was lost, and with it the transaction: another connection would commit this statement alone.
    if (runner.isReleased) throw new QueryRunnerAlreadyReleasedError();
    return (await runner.connect()) as ClientBase;
  }
  return poolOf(on instanceof DataSource ? on : on.dataSource);
}
