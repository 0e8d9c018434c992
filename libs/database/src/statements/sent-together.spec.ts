import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../../test/support/database/database';
import { PreparedStatement } from './prepared-statement';
import { sqlState } from '../postgres-errors';
import { sentTogether } from './sent-together';
import { transaction } from '../transaction';

const FAILS = new PreparedStatement('sent-together-fails', 'SELECT 1 / 0');
const ONE = new PreparedStatement<{ one: number }>('sent-together-one', 'SELECT 1 AS one');
const TWO = new PreparedStatement<{ two: number }>('sent-together-two', 'SELECT 2 AS two');

describe('statements that are sent together', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([]);
  });
  afterAll(() => database.drop());

  it('give their results in the order in which they were sent', async () => {
    const results = await transaction(dataSource, (tx) => sentTogether(ONE.run(tx, []), TWO.run(tx, [])));
    expect(results).toEqual([[{ one: 1 }], [{ two: 2 }]]);
  });

  it('fail with the error of the first that failed, however late its promise is rejected', async () => {
    const reasonOf = (work: Promise<unknown>): Promise<string | undefined> =>
      work.then(
        () => undefined,
        (error: unknown) => sqlState(error),
      );
    const late = <T>(statement: Promise<T>): Promise<T> =>
      statement.finally(() => new Promise((resolve) => setImmediate(resolve)));
    const failing = transaction(dataSource, (tx) =>
      sentTogether(ONE.run(tx, []), late(FAILS.run(tx, [])), TWO.run(tx, [])),
    );
    expect(await reasonOf(failing)).toBe('22012');
  });
});
