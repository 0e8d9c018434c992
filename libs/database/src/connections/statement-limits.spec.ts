import { readdirSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join, sep } from 'node:path';
import { loadEnvironment } from '@aegis/config';
import { DataSource } from 'typeorm';
import { migrationDataSource } from '../../../../migrations/data-source';
import { testDatabase, type TestDatabase } from '../../../../test/support/database/database';
import { DatabaseProxy } from '../../../../test/support/database/database-proxy';
import { until } from '../../../../test/support/until';
import { Listener } from '../listener';
import { isDatabaseUnavailable } from '../postgres-errors';
import { withConnection } from '../role-password';
import { poolOptions, postgresOptions } from './connection-options';
import { limitStatements } from './statement-limits';

const ROOT = join(__dirname, '../../../..');
const STATEMENT_MS = 50;

describe('statements of a database that', () => {
  let database: TestDatabase;
  let proxy: DatabaseProxy;
  let isSilent: boolean;
  let dataSource: DataSource;

  beforeEach(async () => {
    database = await testDatabase();
    proxy = await DatabaseProxy.before(database.applicationUrl);
    isSilent = false;
    proxy.onConnection = () => ({ toClient: () => !isSilent });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await dataSource.destroy();
    await proxy.close();
    await database.drop();
  });

  const settings = (): Record<string, unknown> => {
    const DATABASE_URL = proxy.of(database.applicationUrl);
    const DB_STATEMENT_TIMEOUT_MS = String(STATEMENT_MS);
    return poolOptions(loadEnvironment({ ENVIRONMENT: 'test', DATABASE_URL, DB_STATEMENT_TIMEOUT_MS }));
  };
  async function connect(extra: Record<string, unknown> = {}): Promise<void> {
    const url = proxy.of(database.applicationUrl);
    dataSource = await new DataSource({
      ...postgresOptions(url),
      extra: { ...settings(), ...extra, max: 1 },
    }).initialize();
  }
  /** On another connection: the answer may still come on the one that was lost, which the pool notices a moment later. */
  const untilItAnswers = (): Promise<void> =>
    until('it answers on another connection', () =>
      dataSource.query('SELECT 1').then(
        () => true,
        () => false,
      ),
    );
  const askedInSilence = async (): Promise<unknown> => {
    isSilent = true;
    const error: unknown = await dataSource.query('SELECT 1').catch((reason: unknown) => reason);
    isSilent = false;
    return error;
  };

  it('does not answer fail half a second after it should have ended them, as the loss of a connection', async () => {
    expect(settings().query_timeout).toBe(STATEMENT_MS + 500);
    await connect({ query_timeout: STATEMENT_MS });
    const error = await askedInSilence();
    expect(error).toMatchObject({ message: 'Query read timeout' });
    expect(isDatabaseUnavailable(error)).toBe(true);
    await untilItAnswers();
  });

  it('does not answer fail in a transaction, too, and what waited for it', async () => {
    await connect({ query_timeout: STATEMENT_MS });
    const work = dataSource.transaction(async (tx) => {
      await tx.query('SELECT 1');
      isSilent = true;
      await Promise.all([tx.query('SELECT 2'), tx.query('SELECT 3')]);
    });
    await expect(work.finally(() => (isSilent = false))).rejects.toThrow();
    await untilItAnswers();
  });

  it('takes as long as a transaction allows are waited for, and no longer after it', async () => {
    await connect({ query_timeout: 500, statement_timeout: 100 });
    await dataSource.transaction(async (tx) => {
      await limitStatements(tx, { statementMs: 60_000, lockMs: 7000, idleInTransactionMs: 8000 });
      expect(
        await tx.query(
          `SELECT name, setting FROM pg_settings
           WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout') ORDER BY name`,
        ),
      ).toEqual([
        { name: 'idle_in_transaction_session_timeout', setting: '8000' },
        { name: 'lock_timeout', setting: '7000' },
        { name: 'statement_timeout', setting: '60000' },
      ]);
      await tx.query('SELECT pg_sleep(1)');
    });
    await expect(dataSource.query('SELECT pg_sleep(10)')).rejects.toMatchObject({ code: '57014' });
    expect(await askedInSilence()).toMatchObject({ message: 'Query read timeout' });
  });

  it('have no time limit are waited for without limit', async () => {
    await connect({ query_timeout: 500, statement_timeout: 100 });
    await dataSource.transaction(async (tx) => {
      await limitStatements(tx, { statementMs: 0 });
      await tx.query('SELECT pg_sleep(1)');
    });
  });

  it('is asked on any connection of the project are sent where a vanished peer is noticed', async () => {
    const keepAlive = jest.spyOn(Socket.prototype, 'setKeepAlive');
    const noticed = async (work: () => Promise<unknown>): Promise<unknown[][]> => {
      keepAlive.mockClear();
      await work();
      return keepAlive.mock.calls;
    };
    const SOON = [[true, 10_000]];
    expect(await noticed(() => connect())).toEqual(SOON);
    const hearing = { onNotice: () => undefined, onLost: () => undefined };
    expect(
      await noticed(async () => {
        await new Promise<void>((onHeard) => {
          const listener = new Listener(dataSource, 'a_channel', {
            ...hearing,
            onHeard: () => void listener.stop().then(onHeard),
          });
          listener.start();
        });
      }),
    ).toEqual(SOON);
    expect(await noticed(() => withConnection(database.ownerUrl, () => Promise.resolve()))).toEqual(SOON);
    expect(
      await noticed(async () => {
        const owner = await migrationDataSource(database.ownerUrl).initialize();
        await owner.destroy();
      }),
    ).toEqual(SOON);
  });
});

it('limits of statements are changed in one place: elsewhere the client would not wait as long', () => {
  const others = ['libs', 'apps'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
      .map((name) => join(folder, name))
      .filter((name) =>
        /\b(SET (LOCAL )?|set_config\(')\w*timeout/i.test(readFileSync(join(ROOT, name), 'utf8')),
      )
      .map((name) => name.split(sep).join('/')),
  );
  // A connection of its own, that waits for as long as it takes.
  expect(others).toEqual(['apps/cli/src/import-v08/v08-postgres.ts']);
});
