import { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../../test/support/database/database';
import { onReportedError, poolOf } from './driver-internals';

/** Each test's name is what its failure says. */
describe('what is not documented', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([]);
  });

  afterAll(async () => {
    await database.drop();
  });

  it('an upgrade of TypeORM broke poolOf', async () => {
    const pool = poolOf(dataSource);
    const { rows } = await pool.query<{ one: number }>('SELECT 1 AS one');
    expect(rows).toEqual([{ one: 1 }]);
    expect(pool.totalCount).toBeGreaterThan(0);
    expect(pool.idleCount).toBe(pool.totalCount);
  });

  it('an upgrade of pg broke onReportedError', async () => {
    const client = await poolOf(dataSource).connect();
    const reported: (string | undefined)[] = [];
    try {
      onReportedError(client, (sqlState) => reported.push(sqlState));
      await expect(client.query('SELECT 1 / 0')).rejects.toThrow('division by zero');
    } finally {
      client.release();
    }
    expect(reported).toEqual(['22012']);
  });
});
