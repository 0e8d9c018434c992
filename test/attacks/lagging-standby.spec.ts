import { migrateUp } from '@aegis/database';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client as SqlClient } from 'pg';
import { migrationDataSource } from '../../migrations/data-source';
import { applicationPrivileges } from '../../migrations/privileges';
import { DatabaseProxy } from '../support/database/database-proxy';
import { ReplicatedPostgres } from '../support/database/standby';
import { aLicense, type IssuedLicense, validation } from '../support/factories';
import { commandLineOf, testServer, type TestServer } from '../support/processes/server';
import { type Answer, Client } from '../support/requests/client';
import { statusOf } from '../support/trail/status-lists';
import { until } from '../support/until';

// Commands warn of a key whose passphrase is stretched less.
jest.unmock('../../libs/signing/src/keys/passphrase-iterations');

const UNAVAILABLE = { status: 503, code: 'service_unavailable' };

// Two PostgreSQL start, and the machine may be busy.
jest.setTimeout(180_000);

/**
 * The address of the database leads to a standby that is behind: what was revoked and deleted last has not arrived there.
 * Validations that leave no record write nothing, so no refused write ends them.
 */
describe('a standby that is behind its primary, in its place', () => {
  let postgres: ReplicatedPostgres;
  let address: DatabaseProxy;
  let server: TestServer;
  let anyone: Client;
  let admin: Client;
  let deleted: Client;
  let license: IssuedLicense;

  async function onStandby(statement: string): Promise<Record<string, unknown>[]> {
    const { applicationUrl, superuserUrl } = postgres.primary;
    const superuser = new URL(postgres.onStandby(superuserUrl));
    superuser.pathname = new URL(applicationUrl).pathname;
    const standby = new SqlClient(superuser.href);
    await standby.connect();
    try {
      return (await standby.query<Record<string, unknown>>(statement)).rows;
    } finally {
      await standby.end();
    }
  }

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
    server = await testServer({ database, variables: { AUDIT_VALIDATIONS: 'failures' } });
    anyone = new Client(server.url);
    admin = new Client(server.url, server.adminKey);
    license = await aLicense(admin);
    const created = await admin.post('/api/v1/admin/api-keys', {
      name: 'a thief',
      scopes: ['licenses:read'],
    });
    deleted = new Client(server.url, (created.body as { key: string }).key);
    await until('both have arrived', async () => {
      const [row] = await onStandby(
        `SELECT (SELECT count(*) FROM licenses)::int AS licenses, (SELECT count(*) FROM api_keys)::int AS keys`,
      );
      return row?.licenses === 1 && row.keys === 2;
    });
    await onStandby('SELECT pg_wal_replay_pause()');
    await until('it replays nothing', async () => {
      const [row] = await onStandby('SELECT pg_get_wal_replay_pause_state() AS state');
      return row?.state === 'paused';
    });
    await admin.post(`/api/v1/licenses/${license.id}/revoke`, { reason: 'not paid' });
    await admin.delete(`/api/v1/admin/api-keys/${(created.body as { id: string }).id}`);
    expect((await validation(anyone, license.token)).body.code).toBe('REVOKED');
    await until('its list says so', async () => (await statusOf(server.url, license.token)) === 'revoked');
    expect((await deleted.get('/api/v1/licenses')).status).toBe(401);
    address.switchTo(postgres.onStandby(postgres.primary.applicationUrl));
    await until('it has seen that it is one', async () => {
      await anyone.get('/health/ready');
      return server.log().includes('not ready: the database does not accept writes');
    });
  });
  afterAll(async () => {
    await server.close();
    await address.close();
    await postgres.close();
  });

  const refusalOf = async (ask: () => Promise<Answer>): Promise<{ status: number; code: unknown }> => {
    const { status, body } = await ask();
    return { status, code: (body as { code?: unknown } | undefined)?.code };
  };

  it.each<[string, () => Promise<Answer>]>([
    ['does not validate a license, although that leaves no record', () => validation(anyone, license.token)],
    [
      'validates no batch',
      () =>
        admin.post('/api/v1/licenses/validate/batch', {
          items: [{ token: license.token, module_name: 'payroll', odoo_version: '17.0' }],
        }),
    ],
    ['shows no status', () => anyone.get(`/api/v1/licenses/${license.id}/status`)],
    ['inspects nothing', () => admin.post('/api/v1/licenses/inspect', { token: license.token })],
    ['lists nothing for an API key that was deleted', () => deleted.get('/api/v1/licenses')],
    ['knows no API key', () => admin.get('/api/v1/me')],
  ])('%s', async (_, ask) => {
    expect(await refusalOf(ask)).toEqual(UNAVAILABLE);
  });

  it('takes back no revocation that a status list has', async () => {
    // A list that nobody knows is looked for, and with it each one that has changed.
    expect(await refusalOf(() => anyone.get('/api/v1/status-lists/7'))).toEqual(UNAVAILABLE);
    expect(await statusOf(server.url, license.token)).toBe('revoked');
  });

  it.each([
    ['signs no status lists for other places', ['status-list', 'export', 'lists']],
    ['gives no keys to the root key', ['keys', 'export', '--out', 'keys.json']],
  ])('%s', async (_, command) => {
    const folder = mkdtempSync(join(tmpdir(), 'aegis-lagging-'));
    try {
      const { exitCode, stdout } = await commandLineOf(server, folder).run(...command);
      expect({ refused: exitCode !== 0, stdout }).toEqual({ refused: true, stdout: '' });
      expect(readdirSync(folder, { recursive: true }).filter((name) => name !== 'lists')).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('takes part again once it is promoted and has all of it', async () => {
    await onStandby('SELECT pg_wal_replay_resume()');
    await postgres.promote();
    await until('it is ready', async () => (await anyone.get('/health/ready')).status === 200);
    await until('every connection takes writes', async () =>
      (await Promise.all(Array.from({ length: 20 }, () => validation(anyone, license.token)))).every(
        ({ status, body }) => status === 200 && body.code === 'REVOKED',
      ),
    );
    expect((await deleted.get('/api/v1/licenses')).status).toBe(401);
  });
});
