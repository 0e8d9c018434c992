import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../../test/support/database/database';
import { until } from '../../../../test/support/until';
import { isDatabaseUnavailable, sqlState } from '../postgres-errors';
import { PreparedStatement } from './prepared-statement';
import { transaction } from '../transaction';

const ADD = new PreparedStatement<{ sum: number; pid: number }>(
  'spec-add',
  'SELECT $1::integer + $2::integer AS sum, pg_backend_pid() AS pid',
);
const KNOWN = `SELECT pg_backend_pid() AS pid, count(*)::integer AS count FROM pg_prepared_statements WHERE name = 'spec-add'`;

describe('a prepared statement', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([]);
  });
  afterAll(() => database.drop());

  it('returns rows, each time for its own values', async () => {
    const sums = [];
    for (const value of [1, 2, 3]) sums.push(...(await ADD.run(dataSource, [value, 10])));
    expect(sums.map(({ sum }) => sum)).toEqual([11, 12, 13]);
  });

  it('is parsed once per connection', async () => {
    await transaction(dataSource, async (tx) => {
      const [first] = await ADD.run(tx, [1, 1]);
      const [second] = await ADD.run(tx, [2, 2]);
      expect(second).toEqual({ sum: 4, pid: first!.pid });
      expect(await tx.query(KNOWN)).toEqual([{ pid: first!.pid, count: 1 }]);
    });
  });

  it('belongs to the transaction that it is run in', async () => {
    await expect(
      transaction(dataSource, async (tx) => {
        await tx.query('CREATE TEMPORARY TABLE spec_things (name text) ON COMMIT DROP');
        const insert = new PreparedStatement('spec-insert', 'INSERT INTO spec_things VALUES ($1)');
        await insert.run(tx, ['a']);
        const count = new PreparedStatement<{ n: number }>(
          'spec-count',
          'SELECT count(*)::integer AS n FROM spec_things',
        );
        return count.run(tx, []);
      }),
    ).resolves.toEqual([{ n: 1 }]);
  });

  it('runs nowhere else once the connection of its transaction is lost', async () => {
    const other = new Client({ connectionString: database.superuserUrl });
    await other.connect();
    const lost: unknown = await dataSource
      .transaction(async (tx) => {
        const [backend] = await ADD.run(tx, [1, 1]);
        await other.query('SELECT pg_terminate_backend($1)', [backend!.pid]);
        await until('the loss is known', () => Promise.resolve(tx.queryRunner?.isReleased === true));
        return ADD.run(tx, [1, 1]);
      })
      .catch((reason: unknown) => reason);
    await other.end();
    expect(isDatabaseUnavailable(lost)).toBe(true);
  });

  it('fails as TypeORM does, and works again afterwards', async () => {
    const divide = new PreparedStatement<{ n: number }>('spec-divide', 'SELECT 8 / $1::integer AS n');
    const error: unknown = await divide.run(dataSource, [0]).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'QueryFailedError' });
    expect(sqlState(error)).toBe('22012');
    expect(await divide.run(dataSource, [2])).toEqual([{ n: 4 }]);
  });
});
