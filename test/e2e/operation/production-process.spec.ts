import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, closeSync, cpSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '../../support/requests/client';
import { emptyDatabase, testDatabase, type TestDatabase } from '../../support/database/database';
import { aCustomerId, aLicense } from '../../support/factories';
import { freePort } from '../../support/processes/free-port';
import { probeAt, Processes, untilReady } from '../../support/processes/server-process';
import { WIDE_LIMITS } from '../../support/processes/wide-limits';
import { superuserOf } from '../../support/database/sql';
import { until } from '../../support/until';

const PASSPHRASE = 'correct horse battery staple';
const PEPPER = '5e8dd316726b0335e8dd316726b0335e';
const MIGRATIONS = readdirSync(join(__dirname, '../../../migrations')).filter((name) =>
  /^[0-9]+-.*\.ts$/.test(name),
).length;

const processes = new Processes();
const databases: TestDatabase[] = [];

async function kept(making: Promise<TestDatabase>): Promise<TestDatabase> {
  const database = await making;
  databases.push(database);
  return database;
}

afterAll(async () => {
  await processes.close();
  for (const database of databases) await database.drop();
});

describe('three servers at once on an empty database', () => {
  it('all serve, with one signing key, one admin key and each migration applied once', async () => {
    const database = await kept(emptyDatabase());
    const variables = {
      DATABASE_URL: database.applicationUrl,
      MIGRATION_DATABASE_URL: database.ownerUrl,
      DATA_DIR: join(processes.folder, 'shared-data'),
      KEYS_DIR: join(processes.folder, 'shared-keys'),
      ...WIDE_LIMITS,
    };
    const servers = [1, 2, 3].map(() => processes.server(variables));
    await Promise.all(servers.map((server) => server.ready()));

    const keys = servers.flatMap(({ stdout }) =>
      [...stdout.matchAll(/^admin API key: (\S+)$/gm)].map(([, key]) => key!),
    );
    expect(keys).toHaveLength(1);
    const signedBy = new Set<string>();
    for (const server of servers) {
      const client = new Client(server.url, keys[0]);
      const { token } = await aLicense(client);
      const [header] = token.split('.');
      signedBy.add((JSON.parse(Buffer.from(header!, 'base64url').toString()) as { kid: string }).kid);
      for (const other of servers) {
        const question = { token, module_name: 'payroll', odoo_version: '17.0' };
        const answer = await new Client(other.url).post('/api/v1/licenses/validate', question);
        expect(answer.body).toMatchObject({ valid: true });
      }
    }
    expect(signedBy.size).toBe(1);

    const sql = await superuserOf({ database });
    const { rows } = await sql.query<Record<string, number>>(`
      SELECT (SELECT count(*)::int FROM signing_keys) AS signing_keys,
             (SELECT count(*)::int FROM signing_keys WHERE state = 'active') AS active,
             (SELECT count(*)::int FROM api_keys) AS api_keys,
             (SELECT count(*)::int FROM schema_migrations) AS migrations,
             (SELECT count(DISTINCT name)::int FROM schema_migrations) AS different,
             (SELECT count(*)::int FROM audit_logs WHERE event_type = 'api_key.created') AS recorded`);
    await sql.end();
    expect(rows).toEqual([
      { signing_keys: 1, active: 1, api_keys: 1, migrations: MIGRATIONS, different: MIGRATIONS, recorded: 1 },
    ]);
    expect(readdirSync(variables.KEYS_DIR)).toHaveLength(2);
    const ends = await Promise.all(servers.map((server) => server.stop()));
    expect(ends).toEqual(servers.map(() => ({ code: 0, signal: null })));
  });
});

describe('production', () => {
  let database: TestDatabase;
  let keysDir: string;
  let variables: Record<string, string>;

  beforeAll(async () => {
    database = await kept(emptyDatabase());
    keysDir = join(processes.folder, 'production-keys');
    variables = {
      ENVIRONMENT: 'production',
      HOST: '127.0.0.1',
      PUBLIC_URL: 'https://licenses.acme.test',
      LICENSE_ISSUER: 'https://issuer.acme.test',
      DATABASE_URL: database.applicationUrl,
      KEYS_DIR: keysDir,
      KEY_PASSPHRASE: PASSPHRASE,
      API_KEY_PEPPERS: `v1:${PEPPER}`,
      DATA_DIR: join(processes.folder, 'production-data'),
    };
  });

  /** The settings with some changed; undefined unsets one. */
  function changed(changes: Record<string, string | undefined>): Record<string, string> {
    return JSON.parse(JSON.stringify({ ...variables, ...changes })) as Record<string, string>;
  }

  async function expectRefusal(settings: Record<string, string>, message: RegExp): Promise<void> {
    const server = processes.server(settings);
    expect(await server.ended).toEqual({ code: 2, signal: null });
    expect(server.stderr).toMatch(message);
    expect(server.output).not.toMatch(/^\s+at /m);
    const passwords = [settings.DATABASE_URL, settings.MIGRATION_DATABASE_URL]
      .filter((url) => url !== undefined)
      .map((url) => new URL(url).password);
    for (const secret of [PASSPHRASE, PEPPER, settings.KEY_PASSPHRASE, ...passwords])
      if (secret) expect(server.output).not.toContain(secret);
  }

  it('refuses to start while migrations are pending', async () => {
    await expectRefusal(
      variables,
      new RegExp(`^${MIGRATIONS} migrations are pending: run .aegis migrate up.\\.\\n$`),
    );
  });

  it('starts once the command line has migrated, made a signing key and the first API key', async () => {
    const aegis = processes.commandLine(variables);
    const owner = { MIGRATION_DATABASE_URL: database.ownerUrl };
    expect(await aegis.with(owner).run('migrate', 'up')).toMatchObject({ exitCode: 0 });
    expect(await aegis.run('keys', 'generate')).toMatchObject({ exitCode: 0 });
    const made = await aegis.run('api-keys', 'create', '--name', 'First', '--scopes', 'admin', '--json');
    expect(made).toMatchObject({ exitCode: 0 });
    const { key } = JSON.parse(made.stdout) as { key: string };
    expect(key).toMatch(/^aegis_production_/);

    const server = await processes.server(variables).ready();
    const client = new Client(server.url, key);
    const license = await aLicense(client);
    const question = { token: license.token, module_name: 'payroll', odoo_version: '17.0' };
    expect((await client.post('/api/v1/licenses/validate', question)).body).toMatchObject({ valid: true });
    const askedAt = performance.now();
    server.kill('SIGTERM');
    await until('readiness says no', async () => (await server.probe('ready')) === 503);
    // Load balancers still send requests until they have seen that.
    expect((await client.get(`/api/v1/licenses/${license.id}`)).status).toBe(200);
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - askedAt).toBeGreaterThan(4900);

    const lines = server.stdout.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(4);
    for (const line of lines)
      expect(JSON.parse(line)).toMatchObject({ timestamp: expect.any(String), level: 'info' });
    expect(server.output).not.toMatch(/admin API key|aegis_production_|curl/);
    expect(server.stderr).toBe('');
  });

  it('refuses the role that owns the tables', async () => {
    await expectRefusal(
      changed({ DATABASE_URL: database.ownerUrl }),
      /^DATABASE_URL: its role owns the tables.*; name /,
    );
  });

  it('refuses a superuser', async () => {
    await expectRefusal(
      changed({ DATABASE_URL: database.superuserUrl }),
      /^DATABASE_URL: its role owns .*superuser/,
    );
  });

  it('refuses a signing key that is not encrypted', async () => {
    const folder = processes.emptyFolder();
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
    writeFileSync(join(folder, 'plain.private.pem'), pem, { mode: 0o600 });
    const fresh = await kept(testDatabase());
    await expectRefusal(
      changed({ DATABASE_URL: fresh.applicationUrl, KEYS_DIR: folder }),
      /^plain\.private\.pem .*not encrypted.*: \S/,
    );
  });

  it('refuses a signing key that others may read', async () => {
    const folder = processes.emptyFolder();
    cpSync(keysDir, folder, { recursive: true });
    const name = readdirSync(folder).find((each) => each.endsWith('.private.pem'))!;
    chmodSync(join(folder, name), 0o644);
    await expectRefusal(
      changed({ KEYS_DIR: folder }),
      /^\S+\.private\.pem in KEYS_DIR has mode 0644: .* Run `chmod 600` on it\.\n$/,
    );
  });

  it('refuses a wrong passphrase', async () => {
    await expectRefusal(
      changed({ KEY_PASSPHRASE: 'incorrect horse battery staple' }),
      /KEY_PASSPHRASE.*\.private\.pem|\.private\.pem.*KEY_PASSPHRASE/,
    );
  });

  it('refuses a database that it cannot reach', async () => {
    const url = `postgres://app:5ecret5ecret@127.0.0.1:${await freePort()}/aegis`;
    await expectRefusal(changed({ DATABASE_URL: url }), /^DATABASE_URL.*ECONNREFUSED.*; check its host/);
  });

  it('refuses a wrong password of the database', async () => {
    const url = new URL(database.applicationUrl);
    url.password = '5ecret5ecret';
    await expectRefusal(changed({ DATABASE_URL: url.href }), /^DATABASE_URL.*password authentication failed/);
  });

  it('refuses another pepper under the version that the API keys were made with', async () => {
    await expectRefusal(
      changed({ API_KEY_PEPPERS: `v1:${PEPPER.toUpperCase()}` }),
      /^API_KEY_PEPPERS: the secret given for v1 is not the one that this database knows/,
    );
  });

  it('refuses a role that may create in the schema public', async () => {
    const superuser = await superuserOf({ database });
    try {
      await superuser.query('GRANT CREATE ON SCHEMA public TO aegis_app');
      await expectRefusal(
        variables,
        /^DATABASE_URL: its role aegis_app may create objects in the schema public/,
      );
    } finally {
      await superuser.query('REVOKE CREATE ON SCHEMA public FROM aegis_app');
      await superuser.end();
    }
  });

  it('names everything that is missing at once', async () => {
    await expectRefusal(
      { ENVIRONMENT: 'production' },
      /^Configuration refused:\n(?=[\s\S]*\n? {2}DATABASE_URL: )(?=[\s\S]* {2}PUBLIC_URL: )(?=[\s\S]* {2}LICENSE_ISSUER: )(?=[\s\S]* {2}KEY_PASSPHRASE: )(?=[\s\S]* {2}API_KEY_PEPPERS: )/,
    );
  });
});

describe('a log that nobody takes', () => {
  async function serves(url: string): Promise<void> {
    // Each writes a line.
    for (let request = 0; request < 20; request += 1) {
      const answer = await new Client(url).get(`/api/v1/customers/${aCustomerId()}`);
      expect(answer.status).toBe(401);
    }
    expect((await new Client(url).get('/health')).body).toMatchObject({ status: 'healthy' });
  }

  async function settings(): Promise<Record<string, string>> {
    const database = await kept(testDatabase());
    const folder = processes.emptyFolder();
    return {
      DATABASE_URL: database.applicationUrl,
      MIGRATION_DATABASE_URL: database.ownerUrl,
      KEYS_DIR: join(folder, 'keys'),
      DATA_DIR: join(folder, 'data'),
    };
  }

  it('does not end the server when its pipe breaks', async () => {
    const server = await processes.server(await settings()).ready();
    server.child.stdout!.destroy();
    server.child.stderr!.destroy();
    await serves(server.url);
    expect(await server.stop()).toEqual({ code: 0, signal: null });
  });

  it('does not end the server when its disk is full', async () => {
    const full = openSync('/dev/full', 'w');
    const port = await freePort();
    const server = processes.server({ ...(await settings()), PORT: String(port) }, ['ignore', full, full]);
    closeSync(full);
    const url = `http://127.0.0.1:${port}`;
    await untilReady(server, () => probeAt(url, 'ready'));
    await serves(url);
    expect(await server.stop()).toEqual({ code: 0, signal: null });
  });
});
