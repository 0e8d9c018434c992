import { Client } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../test/support/database/database';
import { until } from '../../../test/support/until';
import { isDatabaseUnavailable, sqlState } from './postgres-errors';
import { transaction } from './transaction';

describe('transaction', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([]);
    await dataSource.query(`INSERT INTO customers (id, name) VALUES ('a', '0'), ('b', '0')`);
  });
  afterAll(() => database.drop());

  const rename = (tx: EntityManager, id: string, name: string): Promise<unknown> =>
    tx.query('UPDATE customers SET name = $2 WHERE id = $1', [id, name]);
  async function names(): Promise<string> {
    const rows = await dataSource.query<{ name: string }[]>('SELECT name FROM customers ORDER BY id');
    return rows.map(({ name }) => name).join();
  }

  it('commits before it returns what the work returned', async () => {
    const returned = await transaction(dataSource, async (tx) => {
      await rename(tx, 'a', '1');
      expect(await names()).toBe('0,0');
      return 'done';
    });
    expect(returned).toBe('done');
    expect(await names()).toBe('1,0');
  });

  it('rolls everything back when the work throws, throws the same error, and does not try again', async () => {
    const before = await names();
    let attempts = 0;
    const failure = new Error('no');
    await expect(
      transaction(dataSource, async (tx) => {
        attempts += 1;
        await rename(tx, 'a', 'never');
        throw failure;
      }),
    ).rejects.toBe(failure);
    expect(attempts).toBe(1);
    expect(await names()).toBe(before);
  });

  it('says why its connection was lost, no matter which statement notices it', async () => {
    for (const next of [
      (tx: EntityManager) => tx.query('SELECT 1'),
      (tx: EntityManager) => tx.transaction(() => Promise.resolve()),
      // The commit.
      () => Promise.resolve(),
    ]) {
      const lost = transaction(dataSource, async (tx) => {
        await tx.query('SET LOCAL idle_in_transaction_session_timeout = 10');
        await until('the connection is lost', () => Promise.resolve(tx.queryRunner?.isReleased === true));
        await next(tx);
      });
      const error: unknown = await lost.catch((reason: unknown) => reason);
      expect(sqlState(error)).toBe('25P03');
      expect(isDatabaseUnavailable(error)).toBe(true);
    }
  });

  it('runs the whole again when it is the victim of a deadlock', async () => {
    let attempts = 0;
    let holding = 0;
    let bothHold = (): void => undefined;
    const both = new Promise<void>((resolve) => (bothHold = resolve));
    const crossing = (first: string, second: string, name: string): Promise<void> =>
      transaction(dataSource, async (tx) => {
        attempts += 1;
        await rename(tx, first, name);
        holding += 1;
        if (holding === 2) bothHold();
        await both;
        await rename(tx, second, name);
      });
    await Promise.all([crossing('a', 'b', 'x'), crossing('b', 'a', 'y')]);
    expect(attempts).toBe(3);
    expect(['x,x', 'y,y']).toContain(await names());
  });

  it('runs the whole again when it cannot be serialized', async () => {
    const other = new Client({ connectionString: database.ownerUrl });
    await other.connect();
    let attempts = 0;
    await transaction(dataSource, async (tx) => {
      attempts += 1;
      await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
      await tx.query('SELECT 1 FROM customers');
      if (attempts === 1) await other.query(`UPDATE customers SET name = 'other' WHERE id = 'a'`);
      await rename(tx, 'a', `attempt ${attempts}`);
    });
    await other.end();
    expect(attempts).toBe(2);
    expect(await names()).toMatch(/^attempt 2,/);
  });

  it('gives up after the fourth attempt', async () => {
    const before = await names();
    let attempts = 0;
    const outcome = await transaction(dataSource, async (tx) => {
      attempts += 1;
      await rename(tx, 'a', 'never');
      await tx.query(`DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$`);
    }).catch((error: unknown) => sqlState(error));
    expect(outcome).toBe('40001');
    expect(attempts).toBe(4);
    expect(await names()).toBe(before);
  });
});
