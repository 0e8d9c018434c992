import { loadEnvironment } from '@aegis/config';
import { Client } from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../test/support/database/database';
import { DatabaseProxy, MarkerSearch, type Passing } from '../../../test/support/database/database-proxy';
import { limitWaiting, poolOf } from './connections/driver-internals';
import { poolOptions, postgresOptions } from './connections/connection-options';
import { OutcomeUnknown } from './outcome-unknown';
import { isDatabaseUnavailable, sqlState } from './postgres-errors';
import { transaction } from './transaction';

const COMMIT = Buffer.from('COMMIT\0');

describe('a transaction whose', () => {
  let database: TestDatabase;
  let proxy: DatabaseProxy;
  let dataSource: DataSource;

  beforeEach(async () => {
    database = await testDatabase();
    proxy = await DatabaseProxy.before(database.applicationUrl);
    const url = proxy.of(database.applicationUrl);
    const environment = loadEnvironment({
      ENVIRONMENT: 'test',
      DATABASE_URL: url,
      DB_POOL_SIZE: '2',
      DB_STATEMENT_TIMEOUT_MS: '20000',
      DB_DEADLINE_MS: '20500',
    });
    dataSource = await new DataSource({
      ...postgresOptions(url),
      extra: poolOptions(environment),
    }).initialize();
    await dataSource.query(`INSERT INTO customers (id, name) VALUES ('a', '0')`);
    await poolOf(dataSource).query('SELECT 1');
  });
  afterEach(async () => {
    await dataSource.destroy();
    await proxy.close();
    await database.drop();
  });

  const rename = (tx: EntityManager): Promise<unknown> =>
    tx.query(`UPDATE customers SET name = '1' WHERE id = 'a'`);
  const name = async (): Promise<string> => {
    const own = await database.dataSource([]);
    const [row] = await own.query<{ name: string }[]>(`SELECT name FROM customers WHERE id = 'a'`);
    return row!.name;
  };
  const failing = (work: (tx: EntityManager) => Promise<unknown>): Promise<unknown> =>
    transaction(dataSource, work).then(
      () => 'done',
      (error: unknown) => error,
    );
  async function asSuperuser(statements: string): Promise<void> {
    const client = new Client({ connectionString: database.superuserUrl });
    await client.connect();
    await client.query(statements);
    await client.end();
  }
  /** From the next connection on. */
  async function passing(make: (cut: () => void) => Passing): Promise<void> {
    proxy.onConnection = ({ cut }) => make(cut);
    // Those of before are given up.
    const pool = poolOf(dataSource);
    for (let idle = pool.idleCount; idle > 0; idle--) (await pool.connect()).release(true);
  }

  it('commit was made and not answered has an unknown outcome', async () => {
    await passing((cut) => {
      const search = new MarkerSearch(COMMIT);
      let isSent = false;
      return {
        toDatabase: (chunk) => {
          isSent ||= search.endsIn(chunk);
          return true;
        },
        toClient: () => {
          if (isSent) cut();
          return !isSent;
        },
      };
    });
    const error = await failing(rename);
    expect(error).toBeInstanceOf(OutcomeUnknown);
    expect(error).toMatchObject({ code: 'outcome_unknown', retryAfterSeconds: 1 });
    expect(isDatabaseUnavailable(error)).toBe(true);
    expect(await name()).toBe('1');
  });

  it('commit never arrived has an unknown outcome too', async () => {
    await passing((cut) => {
      const search = new MarkerSearch(COMMIT);
      return {
        toDatabase: (chunk) => {
          const isCommit = search.endsIn(chunk);
          if (isCommit) cut();
          return !isCommit;
        },
      };
    });
    expect(await failing(rename)).toBeInstanceOf(OutcomeUnknown);
    expect(await name()).toBe('0');
  });

  it('connection was lost before its commit is known to have failed', async () => {
    let cutIt = (): void => undefined;
    await passing((cut) => {
      cutIt = cut;
      return {};
    });
    const error = await failing(async (tx) => {
      await rename(tx);
      cutIt();
      await tx.query('SELECT 1');
    });
    expect(error).not.toBeInstanceOf(OutcomeUnknown);
    expect(isDatabaseUnavailable(error)).toBe(true);
    expect(await name()).toBe('0');
  });

  it('commit is refused is known to have failed', async () => {
    await asSuperuser(`
      CREATE TABLE once (id int UNIQUE DEFERRABLE INITIALLY DEFERRED);
      GRANT INSERT ON once TO aegis_app`);
    const error = await failing(async (tx) => {
      await rename(tx);
      await tx.query('INSERT INTO once VALUES (1), (1)');
    });
    expect(sqlState(error)).toBe('23505');
    expect(error).not.toBeInstanceOf(OutcomeUnknown);
    expect(await name()).toBe('0');
  });

  it.each([
    ['53100', 'the disk is full'],
    ['58030', 'the disk fails'],
    ['57P02', 'PostgreSQL crashes'],
    ['XX000', 'something unexpected'],
  ])('commit fails with %s has an unknown outcome: %s', async (state) => {
    await asSuperuser(`
      CREATE TABLE failing (id int);
      GRANT INSERT ON failing TO aegis_app;
      CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '${state}'; END $$;
      CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON failing DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION fail()`);
    const error = await failing((tx) => tx.query('INSERT INTO failing VALUES (1)'));
    expect(error).toBeInstanceOf(OutcomeUnknown);
    // Before the commit it is known that nothing was made.
    const before = await failing((tx) =>
      tx.query('INSERT INTO failing VALUES (1); SET CONSTRAINTS ALL IMMEDIATE'),
    );
    expect(sqlState(before)).toBe(state);
    expect(before).not.toBeInstanceOf(OutcomeUnknown);
  });

  it('connections are all in use is refused after the allowed wait, and leaves no connection behind', async () => {
    const pool = poolOf(dataSource);
    // The pool's own limit would end the wait, too, some time later.
    pool.options.connectionTimeoutMillis = 0;
    limitWaiting(pool, 50);
    const held = [await pool.connect(), await pool.connect()];
    expect(await failing(rename)).toMatchObject({ message: 'timeout exceeded when trying to connect' });
    for (const client of held) client.release();
    // What waited too long is given back when its turn comes.
    expect(await failing(rename)).toBe('done');
    expect([pool.totalCount, pool.idleCount, pool.waitingCount]).toEqual([2, 2, 0]);
  });
});
