import { chmodSync, renameSync, symlinkSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { Client } from 'pg';
import { DataSource, type EntityManager, QueryFailedError } from 'typeorm';
import { poolOf } from './connections/driver-internals';
import { testDatabase, type TestDatabase } from '../../../test/support/database/database';
import { until } from '../../../test/support/until';
import { postgresOptions } from './connections/connection-options';
import { isDatabaseUnavailable, mayHaveCommitted, sqlState, violatesConstraint } from './postgres-errors';

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  const nothing = Symbol('nothing was thrown');
  const thrown = await work.then(
    () => nothing,
    (error: unknown) => error,
  );
  if (thrown === nothing) throw new Error('expected an error');
  return thrown;
}

describe('errors of PostgreSQL', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([]);
  });
  afterAll(() => database.drop());

  async function asSuperuser<Row extends object>(...statements: string[]): Promise<Row[]> {
    const client = new Client({ connectionString: database.superuserUrl });
    await client.connect();
    try {
      let rows: Row[] = [];
      for (const statement of statements) ({ rows } = await client.query<Row>(statement));
      return rows;
    } finally {
      await client.end();
    }
  }

  const query = (sql: string): Promise<unknown> => errorOf(dataSource.query(sql));

  it('give their SQLSTATE and constraint through what TypeORM wraps around them', async () => {
    await dataSource.query(`INSERT INTO customers (id, name) VALUES ('twice', 'x')`);
    const error = await query(`INSERT INTO customers (id, name) VALUES ('twice', 'x')`);
    expect(error).toBeInstanceOf(QueryFailedError);
    expect(sqlState(error)).toBe('23505');
    expect(violatesConstraint(error, 'customers_pkey')).toBe(true);
    expect(violatesConstraint(error, 'customers_lengths')).toBe(false);
    expect(isDatabaseUnavailable(error)).toBe(false);
    const wrapped = new Error('the import stopped', { cause: error });
    expect(sqlState(wrapped)).toBe('23505');
    expect(violatesConstraint(wrapped, 'customers_pkey')).toBe(true);
  });

  it('are not an outage when the statement is wrong', async () => {
    for (const sql of [
      'SELEC 1',
      'SELECT * FROM nothing',
      'SELECT 1 / 0',
      `SELECT 'x'::uuid`,
      'DELETE FROM licenses',
    ]) {
      const error = await query(sql);
      expect([sql, sqlState(error)]).toEqual([sql, expect.stringMatching(/^(42|22)/)]);
      expect([sql, isDatabaseUnavailable(error)]).toEqual([sql, false]);
    }
  });

  it('are an outage when time or patience ran out', async () => {
    const slow = await query('SET statement_timeout = 10; SELECT pg_sleep(5)');
    await dataSource.query('RESET statement_timeout');
    expect(sqlState(slow)).toBe('57014');
    expect(isDatabaseUnavailable(slow)).toBe(true);

    const holder = new Client({ connectionString: database.ownerUrl });
    await holder.connect();
    await holder.query('BEGIN; LOCK TABLE customers');
    const locked = await query('SET lock_timeout = 10; SELECT * FROM customers');
    await holder.end();
    await dataSource.query('RESET lock_timeout');
    expect(sqlState(locked)).toBe('55P03');
    expect(isDatabaseUnavailable(locked)).toBe(true);
  });

  it.each(['08006', '53000', '53100', '53200', '53300', '53400', '58000', '58030', '58P01'])(
    'are an outage when the machine of the database lacks something, or fails: %s',
    async (state) => {
      const error = await query(`DO $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '${state}'; END $$`);
      expect(sqlState(error)).toBe(state);
      expect(isDatabaseUnavailable(error)).toBe(true);
    },
  );

  it.each([
    // As a file system that turned read-only: EROFS and EACCES are one SQLSTATE, that of a missing privilege.
    [
      '42501',
      (path: string) => {
        chmodSync(path, 0);
      },
      (path: string) => {
        chmodSync(path, 0o600);
      },
    ],
    // As a disk quota: what PostgreSQL has no SQLSTATE for.
    [
      'XX000',
      (path: string) => {
        renameSync(path, `${path}.kept`);
        symlinkSync(path, path);
      },
      (path: string) => {
        renameSync(`${path}.kept`, path);
      },
    ],
  ])(
    'are an outage when PostgreSQL may not write a file of its own, and a commit may have been made: %s',
    async (state, spoil, repair) => {
      const [table] = await asSuperuser<{ path: string }>(
        'CREATE TABLE kept_in_a_file (value int)',
        'GRANT INSERT ON kept_in_a_file TO aegis_app',
        'CHECKPOINT',
        `SELECT current_setting('data_directory') || '/' || pg_relation_filepath('kept_in_a_file') AS path`,
      );
      spoil(table!.path);
      // Connections of before may have the file open.
      const later = await new DataSource(postgresOptions(database.applicationUrl)).initialize();
      const error = await errorOf(later.query('INSERT INTO kept_in_a_file VALUES (1)'));
      await later.destroy();
      repair(table!.path);
      await asSuperuser('DROP TABLE kept_in_a_file');
      expect(sqlState(error)).toBe(state);
      expect(isDatabaseUnavailable(error)).toBe(true);
      expect(mayHaveCommitted(error)).toBe(true);
    },
  );

  it('are not an outage when a privilege is missing', async () => {
    const error = await query('TRUNCATE licenses');
    expect(sqlState(error)).toBe('42501');
    expect(isDatabaseUnavailable(error)).toBe(false);
    expect(mayHaveCommitted(error)).toBe(false);
  });

  it('are an outage when the connection is cut', async () => {
    const cut = await errorOf(dataSource.query('SELECT pg_terminate_backend(pg_backend_pid())'));
    expect(isDatabaseUnavailable(cut)).toBe(true);
  });

  it.each([
    ['its manager', (tx: EntityManager) => tx.query('SELECT 1')],
    ['its query runner', (tx: EntityManager) => tx.queryRunner?.query('SELECT 1')],
  ])(
    'are an outage when the connection is cut before the next statement that %s sends',
    async (_of, next) => {
      const other = new Client({ connectionString: database.superuserUrl });
      await other.connect();
      const cut = await errorOf(
        dataSource.transaction(async (tx) => {
          const [backend] = await tx.query<{ pid: number }[]>('SELECT pg_backend_pid() AS pid');
          await other.query('SELECT pg_terminate_backend($1)', [backend?.pid]);
          await until('the loss is known', () => Promise.resolve(tx.queryRunner?.isReleased === true));
          await next(tx);
        }),
      );
      await other.end();
      expect(isDatabaseUnavailable(cut)).toBe(true);
    },
  );

  it('are an outage when the server does not listen, closes the connection, or never answers', async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const url = `postgres://aegis_app:secret@127.0.0.1:${port}/aegis`;
    const hungUp = await errorOf(new DataSource(postgresOptions(url)).initialize());
    expect(isDatabaseUnavailable(hungUp)).toBe(true);
    await new Promise((resolve) => server.close(resolve));
    const nobody = await errorOf(new DataSource(postgresOptions(url)).initialize());
    expect(isDatabaseUnavailable(nobody)).toBe(true);
    expect(sqlState(nobody)).toBeUndefined();

    const silent = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const silentUrl = `postgres://aegis_app:secret@127.0.0.1:${(silent.address() as AddressInfo).port}/aegis`;
    const waiting = new DataSource({ ...postgresOptions(silentUrl), extra: { connectionTimeoutMillis: 50 } });
    expect(isDatabaseUnavailable(await errorOf(waiting.initialize()))).toBe(true);
    await new Promise((resolve) => silent.close(resolve));
  });

  it('are an outage when the pool is exhausted', async () => {
    const small = await new DataSource({
      ...postgresOptions(database.applicationUrl),
      extra: { max: 1 },
    }).initialize();
    const runner = small.createQueryRunner();
    await runner.connect();
    // From here on: the connection that is held may take as long as the machine needs.
    const { options } = poolOf(small);
    options.connectionTimeoutMillis = 50;
    const exhausted = await errorOf(small.query('SELECT 1'));
    await runner.release();
    await small.destroy();
    expect(isDatabaseUnavailable(exhausted)).toBe(true);
    expect(isDatabaseUnavailable(await errorOf(small.query('SELECT 1')))).toBe(true);
  });

  it('are distinguished from anything else that may be thrown', () => {
    const loop = new Error('loop');
    loop.cause = loop;
    const others = [
      undefined,
      null,
      'ECONNREFUSED',
      {},
      { code: '57P01' },
      new Error('x'),
      new TypeError('y'),
      loop,
    ];
    for (const other of others) {
      expect(isDatabaseUnavailable(other)).toBe(false);
      expect(sqlState(other)).toBeUndefined();
      expect(violatesConstraint(other, 'customers_pkey')).toBe(false);
    }
    expect(sqlState(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBeUndefined();
    expect(isDatabaseUnavailable(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe(false);
    // A message counts only where no code says otherwise.
    expect(isDatabaseUnavailable(Object.assign(new Error('Connection terminated'), { code: '23505' }))).toBe(
      false,
    );
  });
});
