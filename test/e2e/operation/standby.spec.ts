import { migrateUp } from '@aegis/database';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client as SqlClient } from 'pg';
import { migrationDataSource } from '../../../migrations/data-source';
import { applicationPrivileges } from '../../../migrations/privileges';
import { Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { aLicense, type IssuedLicense, validation } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { Processes } from '../../support/processes/server-process';
import { DatabaseProxy } from '../../support/database/database-proxy';
import { until } from '../../support/until';
import { ReplicatedPostgres } from '../../support/database/standby';

// Two PostgreSQL start, and the machine may be busy.
jest.setTimeout(180_000);

describe('a hot standby', () => {
  const processes = new Processes();
  let postgres: ReplicatedPostgres;
  /** Leads to one PostgreSQL and then to another, as the name of a cluster does after a failover. */
  let address: DatabaseProxy;
  let server: TestServer;
  let anyone: Client;
  let license: IssuedLicense;

  beforeAll(async () => {
    postgres = await ReplicatedPostgres.start(async ({ ownerUrl }) => {
      const owner = await migrationDataSource(ownerUrl).initialize();
      await migrateUp(owner, 'aegis_app', applicationPrivileges).finally(() => owner.destroy());
    });
    const { ownerUrl, applicationUrl, superuserUrl } = postgres.primary;
    address = await DatabaseProxy.before(applicationUrl);
    const database = {
      ownerUrl: address.of(ownerUrl),
      applicationUrl: address.of(applicationUrl),
      superuserUrl,
      dataSource: () => Promise.reject(new Error('unused')),
      takeAway: () => Promise.resolve(),
      drop: () => Promise.resolve(),
    };
    const sink = join(processes.folder, 'shipped.txt');
    server = await testServer({ database, variables: { CHECKPOINT_SINK: `file:${sink}` } });
    anyone = new Client(server.url);
    license = await aLicense(new Client(server.url, server.adminKey));
  });
  afterAll(async () => {
    await server.close();
    await address.close();
    await postgres.close();
    await processes.close();
  });

  const validate = async (): Promise<number> => (await validation(anyone, license.token)).status;
  const readiness = async (): Promise<number> => (await anyone.get('/health/ready')).status;

  /** Processes that serve the server's pool; a connection that listens for changes is not lent to anyone. */
  async function sessionsOnStandby(): Promise<number[]> {
    const standby = new SqlClient(postgres.onStandby(postgres.primary.superuserUrl));
    await standby.connect();
    const { rows } = await standby.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'aegis' AND query !~* '^LISTEN'`,
    );
    await standby.end();
    return rows.map(({ pid }) => pid);
  }

  it('follows its primary', async () => {
    const standby = new SqlClient(postgres.onStandby(postgres.primary.applicationUrl));
    await standby.connect();
    try {
      await until('the license has arrived', async () => {
        const { rows } = await standby.query<{ recovering: boolean; licenses: string }>(
          'SELECT pg_is_in_recovery() AS recovering, count(*) AS licenses FROM licenses WHERE id = $1',
          [license.id],
        );
        expect(rows[0]?.recovering).toBe(true);
        return rows[0]?.licenses === '1';
      });
    } finally {
      await standby.end();
    }
  });

  it('is refused by a start, which says what it is and what to do', async () => {
    const applicationUrl = postgres.onStandby(postgres.primary.applicationUrl);
    const settings = {
      ENVIRONMENT: 'test',
      DATABASE_URL: applicationUrl,
      MIGRATION_DATABASE_URL: postgres.onStandby(postgres.primary.ownerUrl),
      KEYS_DIR: server.keysDir,
      KEY_PASSPHRASE: 'a passphrase for tests',
      API_KEY_PEPPERS: 'v1:0123456789abcdef0123456789abcdef',
      SECRETS_KEY: 'v1:89abcdef0123456789abcdef01234567',
    };
    for (const ended of [
      await (async () => {
        const started = processes.server(settings);
        const { code } = await started.ended;
        return { exitCode: code, output: started.output };
      })(),
      await (async () => {
        const { exitCode, stdout, stderr } = await processes
          .commandLine(settings)
          .run('api-keys', 'create', '--name', 'of the standby', '--scopes', 'licenses:read');
        return { exitCode, output: stdout + stderr };
      })(),
    ]) {
      expect(ended.output).toMatch(
        /DATABASE_URL: the database does not accept writes \(.*read-only transaction.*\); name the primary, or promote this standby\./,
      );
      expect(ended.output).not.toMatch(/^\s+at |no connection/m);
      expect(ended.exitCode).toBe(2);
    }
  });

  it('in place of its primary makes the server not ready, with the reason in the log, until it is promoted', async () => {
    expect(await readiness()).toBe(200);
    address.switchTo(postgres.onStandby(postgres.primary.applicationUrl));
    await until('validations end at the standby', async () => (await validate()) === 503);
    // Every connection of the pool leads there by now.
    await Promise.all(Array.from({ length: 20 }, validate));
    await until('readiness says no', async () => (await readiness()) === 503);
    expect((await anyone.get('/health')).body).toMatchObject({ status: 'unhealthy', database: 'unhealthy' });
    expect(server.log()).toContain('not ready: the database does not accept writes');
    expect((await anyone.get('/health/live')).status).toBe(200);

    // What turned read-only is given up: a new connection may lead to the new primary.
    const before = await sessionsOnStandby();
    await until('the pool has other connections', async () => {
      await Promise.all(Array.from({ length: 20 }, validate));
      const now = await sessionsOnStandby();
      return before.every((pid) => !now.includes(pid));
    });

    await postgres.promote();
    await until('it is ready', async () => (await readiness()) === 200);
    await until('every connection takes writes', async () =>
      (await Promise.all(Array.from({ length: 20 }, validate))).every((status) => status === 200),
    );
    expectStatus(await new Client(server.url, server.adminKey).get(`/api/v1/licenses/${license.id}`), 200);
  });

  it('that was promoted is not a restore: it has everything that was shipped, and shipping continues from it', async () => {
    const promoted = new SqlClient(postgres.onStandby(postgres.primary.applicationUrl));
    await promoted.connect();
    try {
      await until('all of it is sealed and shipped', async () => {
        await validate();
        const { rows } = await promoted.query<{ jws: string }>(
          'SELECT jws FROM audit_checkpoints ORDER BY number DESC LIMIT 1',
        );
        const sealed = readFileSync(join(processes.folder, 'shipped.txt'), 'utf8');
        return rows[0] !== undefined && sealed.includes(rows[0].jws);
      });
      expect((await promoted.query('SELECT reason FROM restores')).rows).toEqual([]);
    } finally {
      await promoted.end();
    }
  });
});
