import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client as SqlClient } from 'pg';
import { EndpointKeyBox } from '../../../libs/webhooks/src/keys/endpoint-key-box';
import { SealedEndpointKeys } from '../../../libs/webhooks/src/keys/sealed-keys';
import { SecretsKeys } from '../../../libs/webhooks/src/keys/secrets-keys';
import { CommandLine } from '../../support/processes/command-line';
import { testDatabase, type TestDatabase } from '../../support/database/database';
import { superuserOf } from '../../support/database/sql';

// Each command is a process of its own, and the machine may be busy.
jest.setTimeout(120_000);

const PEPPER = 'v1:0123456789abcdef0123456789abcdef';

describe('aegis rotate-secrets', () => {
  let folder: string;
  let database: TestDatabase;
  let superuser: SqlClient;
  let aegis: CommandLine;
  /** Roles belong to the whole PostgreSQL, which other tests use: this one has its own. */
  let app: string;
  let owner: string;
  let appUrl: string;

  const as = (role: string, password: string): string => {
    const url = new URL(database.superuserUrl);
    url.username = role;
    url.password = password;
    return url.href;
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-rotate-'));
    database = await testDatabase();
    superuser = await superuserOf({ database });
    const suffix = randomBytes(4).toString('hex');
    app = `app_${suffix}`;
    owner = `owner_${suffix}`;
    await superuser.query(`CREATE ROLE ${app} LOGIN PASSWORD 'first-password' IN ROLE aegis_app`);
    await superuser.query(`CREATE ROLE ${owner} LOGIN PASSWORD 'first-password' IN ROLE aegis_owner`);
    appUrl = as(app, 'first-password');
    aegis = new CommandLine(folder, {
      ENVIRONMENT: 'test',
      DATABASE_URL: appUrl,
      MIGRATION_DATABASE_URL: database.ownerUrl,
      ADMIN_DATABASE_URL: database.superuserUrl,
      API_KEY_PEPPERS: PEPPER,
      MIGRATE_ON_START: 'false',
    });
  });
  afterEach(async () => {
    for (const role of [app, `${app}_b`, owner]) {
      const { rowCount } = await superuser.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
      if (rowCount !== 0) await superuser.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
    await superuser.end();
    await database.drop();
    rmSync(folder, { recursive: true });
  });

  const written = (name: string): string => {
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    return readFileSync(join(folder, name), 'utf8').trim();
  };
  async function logsIn(url: string): Promise<boolean> {
    const client = new SqlClient({ connectionString: url });
    try {
      await client.connect();
      await client.query('SELECT FROM licenses LIMIT 1');
      return true;
    } catch (error) {
      expect(error).toMatchObject({ code: expect.stringMatching(/^28/) });
      return false;
    } finally {
      await client.end();
    }
  }

  it('rotates the application role, and at every moment at least one of the two works', async () => {
    const begun = await aegis.run(
      'rotate-secrets',
      'database',
      '--role',
      'application',
      '--out',
      'new-url',
      '--json',
    );
    expect(begun).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(begun.stdout)).toMatchObject({ step: 'begun', role: `${app}_b`, file: 'new-url' });
    const newUrl = written('new-url');
    expect(new URL(newUrl).username).toBe(`${app}_b`);
    expect(begun.stdout).not.toContain(new URL(newUrl).password);
    expect([await logsIn(appUrl), await logsIn(newUrl)]).toEqual([true, true]);
    // It may do what the application's role may: append to the trail, and no more.
    const client = new SqlClient({ connectionString: newUrl });
    await client.connect();
    await client.query(`INSERT INTO audit_logs (event_type, actor) VALUES ('license.issued', 'system')`);
    await expect(client.query('DELETE FROM audit_logs')).rejects.toThrow(/permission denied/);
    await client.end();

    const next = aegis.with({ DATABASE_URL: newUrl });
    const old = new SqlClient({ connectionString: appUrl });
    await old.connect();
    const early = await next.run('rotate-secrets', 'database', '--role', 'application', '--finish', '--json');
    expect(early.exitCode).toBe(1);
    expect(JSON.parse(early.stdout)).toMatchObject({ step: 'wait', old_role: app, connections: 1 });
    expect((await next.run('rotate-secrets', 'status')).exitCode).toBe(1);
    await old.end();
    const done = await next.run('rotate-secrets', 'database', '--role', 'application', '--finish', '--json');
    expect(JSON.parse(done.stdout)).toMatchObject({ step: 'done', role: `${app}_b`, old_role: app });
    expect([await logsIn(appUrl), await logsIn(newUrl)]).toEqual([false, true]);

    const back = await next.run('rotate-secrets', 'database', '--role', 'application', '--out', 'back-url');
    expect(back.exitCode).toBe(0);
    expect(new URL(written('back-url')).username).toBe(app);
    expect(await logsIn(written('back-url'))).toBe(true);
  });

  const finish = (here: CommandLine): ReturnType<CommandLine['run']> =>
    here.run('rotate-secrets', 'database', '--role', 'application', '--finish', '--json');
  const stateOf = async (here: CommandLine): Promise<unknown> => {
    const { stdout } = await here.run('rotate-secrets', 'status', '--json');
    const { secrets } = JSON.parse(stdout) as { secrets: { secret: string }[] };
    return secrets.find(({ secret }) => secret === 'DATABASE_URL');
  };

  it('says no and changes nothing if no rotation is under way', async () => {
    const none = await finish(aegis);
    expect(none.exitCode).toBe(1);
    expect(JSON.parse(none.stdout)).toMatchObject({
      step: 'none',
      role: app,
      next: expect.stringContaining('No rotation is under way'),
    });
    expect(await logsIn(appUrl)).toBe(true);
    expect(await stateOf(aegis)).toMatchObject({ under_way: false });
  });

  it('never locks the new role out: with the old URL it says no, and asks for the roll-out', async () => {
    const begin = (file: string): ReturnType<CommandLine['run']> =>
      aegis.run('rotate-secrets', 'database', '--role', 'application', '--out', file);
    expect((await begin('new-url')).exitCode).toBe(0);
    const newUrl = written('new-url');
    const early = await finish(aegis);
    expect(early.exitCode).toBe(1);
    expect(JSON.parse(early.stdout)).toMatchObject({ step: 'roll_out', role: app, old_role: `${app}_b` });
    expect([await logsIn(appUrl), await logsIn(newUrl)]).toEqual([true, true]);
    expect(await stateOf(aegis)).toMatchObject({
      under_way: true,
      next: expect.not.stringContaining('--finish'),
    });

    const next = aegis.with({ DATABASE_URL: newUrl });
    expect(await stateOf(next)).toMatchObject({ under_way: true, next: expect.stringContaining('--finish') });
    expect((await finish(next)).exitCode).toBe(0);
    expect([await logsIn(appUrl), await logsIn(newUrl)]).toEqual([false, true]);
    const again = await finish(next);
    expect([again.exitCode, JSON.parse(again.stdout)]).toMatchObject([1, { step: 'none' }]);
  });

  it('locks neither role out if both can log in and the database does not know which one is new', async () => {
    await superuser.query(`CREATE ROLE ${app}_b LOGIN PASSWORD 'another'`);
    const unknown = await finish(aegis);
    expect([unknown.exitCode, JSON.parse(unknown.stdout)]).toMatchObject([
      1,
      { step: 'none', next: expect.stringContaining('not on record which one is new') },
    ]);
    expect(await stateOf(aegis)).toMatchObject({ next: expect.stringContaining('--out') });
    expect(await logsIn(appUrl)).toBe(true);
  });

  it.each([
    ['MIGRATION_DATABASE_URL', ['--role', 'owner', '--out', 'x']],
    ['MIGRATION_DATABASE_URL', ['--role', 'application', '--out', 'x']],
    ['ADMIN_DATABASE_URL', ['--role', 'application', '--out', 'x']],
    ['ADMIN_DATABASE_URL', ['--role', 'application', '--finish']],
  ])('names %s and the file that may contain it if it is missing: %j', async (name, args) => {
    const { exitCode, stderr } = await aegis
      .with({ [name]: undefined })
      .run('rotate-secrets', 'database', ...args);
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringMatching(new RegExp(`${name}: required .*\\(or ${name}_FILE\\)`)),
    ]);
  });

  it("changes the owner's password by itself, and sends only its verifier to the database", async () => {
    const url = as(owner, 'first-password');
    const { exitCode, stdout } = await aegis
      .with({ MIGRATION_DATABASE_URL: url, ADMIN_DATABASE_URL: undefined })
      .run('rotate-secrets', 'database', '--role', 'owner', '--out', 'owner-url');
    expect(exitCode).toBe(0);
    expect(stdout).not.toContain('still open');
    const fresh = written('owner-url');
    expect(stdout).not.toContain(new URL(fresh).password);
    expect([await logsIn(url), await logsIn(fresh)]).toEqual([false, true]);
    const { rows } = await superuser.query('SELECT rolpassword FROM pg_authid WHERE rolname = $1', [owner]);
    expect(rows).toEqual([{ rolpassword: expect.stringMatching(/^SCRAM-SHA-256\$4096:/) }]);
    expect(
      (await aegis.run('rotate-secrets', 'database', '--role', 'owner', '--out', 'owner-url')).exitCode,
    ).toBe(2);
  });

  it('says that somebody is still logged in as the owner, which a new password does not end', async () => {
    await superuser.query(`ALTER ROLE ${owner} PASSWORD 'leaked'`);
    const thief = new SqlClient({ connectionString: as(owner, 'leaked') });
    await thief.connect();
    try {
      const { exitCode, stdout } = await aegis
        .with({ MIGRATION_DATABASE_URL: as(owner, 'leaked'), ADMIN_DATABASE_URL: undefined })
        .run('rotate-secrets', 'database', '--role', 'owner', '--out', 'owner-url-2', '--json');
      expect(exitCode).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        step: 'changed',
        connections: 1,
        next: expect.stringContaining('1 connection(s) that logged in before are still open') as string,
      });
    } finally {
      await thief.end();
    }
  });

  it('guides from adding a pepper to dropping the older one, which waits until nothing depends on it', async () => {
    const step = async (here: CommandLine, file: string): Promise<Record<string, unknown>> => {
      const { exitCode, stdout } = await here.run('rotate-secrets', 'peppers', '--out', file, '--json');
      return { exitCode, ...(JSON.parse(stdout) as object) };
    };
    const here = aegis.with({ DATABASE_URL: database.applicationUrl });
    // Made up by somebody with the server's role.
    for (const version of ['vx', 'v9007199254740993', 'v1e99'])
      await superuser.query(`INSERT INTO pepper_checks (version, check_value) VALUES ($1, sha256('x'))`, [
        version,
      ]);
    expect(await step(here, 'one')).toMatchObject({ exitCode: 0, step: 'add', versions: ['v1', 'v2'] });
    expect(written('one')).toMatch(new RegExp(`^${PEPPER},v2:[A-Za-z0-9_-]{64}$`));

    const added = here.with({ API_KEY_PEPPERS: written('one') });
    await added.run('api-keys', 'create', '--name', 'shop', '--scopes', 'licenses:read');
    expect(await step(added, 'two')).toMatchObject({ exitCode: 0, step: 'promote', versions: ['v2', 'v1'] });

    const promoted = added.with({ API_KEY_PEPPERS: written('two') });
    expect(await step(promoted, 'three')).toMatchObject({ exitCode: 1, step: 'wait', file: null });
    await superuser.query('UPDATE api_keys SET deleted_at = now(), is_active = false');
    expect(await step(promoted, 'three')).toMatchObject({ exitCode: 0, step: 'drop', versions: ['v2'] });
    expect(written('one')).toContain(written('three'));

    const { stdout } = await promoted.run('rotate-secrets', 'status', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      under_way: true,
      secrets: expect.arrayContaining([
        {
          secret: 'API_KEY_PEPPERS',
          under_way: true,
          next: 'aegis rotate-secrets peppers --out <file> (drop)',
        },
        {
          secret: 'KEY_PASSPHRASE',
          under_way: false,
          next: 'aegis keys rewrap, with NEW_KEY_PASSPHRASE (docs/keys.md)',
        },
      ]),
    });
    expect(stdout).not.toContain(written('three').slice(3));
  });

  it('guides from the first secret of SECRETS_KEY to dropping it, which waits for the keys of webhooks', async () => {
    const step = async (here: CommandLine, file: string): Promise<Record<string, unknown>> => {
      const { exitCode, stdout } = await here.run('rotate-secrets', 'secrets-key', '--out', file, '--json');
      return { exitCode, ...(JSON.parse(stdout) as object) };
    };
    const production = aegis.with({ DATABASE_URL: database.applicationUrl });
    expect(await step(production, 'first')).toMatchObject({ exitCode: 0, step: 'add', versions: ['v1'] });
    expect(written('first')).toMatch(/^v1:[A-Za-z0-9_-]{64}$/);
    const withFirst = production.with({ SECRETS_KEY: written('first') });
    const box = new EndpointKeyBox(new SecretsKeys([written('first')]));
    const id = randomUUID();
    await superuser.query(
      `INSERT INTO webhook_endpoints (id, url, api_version, keys, public_key, created_by)
       VALUES ($1, 'https://hooks.example.com/', '1', $2, 'whpk_', 'Ada')`,
      [id, (await box.make(id)).sealed],
    );
    expect(await step(withFirst, 'two')).toMatchObject({ exitCode: 0, step: 'add', versions: ['v1', 'v2'] });
    expect(written('two').startsWith(`${written('first')},v2:`)).toBe(true);

    const added = production.with({ SECRETS_KEY: written('two') });
    expect(await step(added, 'three')).toMatchObject({
      exitCode: 0,
      step: 'promote',
      versions: ['v2', 'v1'],
    });
    const promoted = production.with({ SECRETS_KEY: written('three') });
    expect(await step(promoted, 'four')).toMatchObject({ exitCode: 1, step: 'wait', file: null });
    const keys = new SecretsKeys(written('three').split(','));
    const dataSource = await database.dataSource([]);
    await new SealedEndpointKeys(dataSource, keys, new EndpointKeyBox(keys)).renew();
    expect(await step(promoted, 'four')).toMatchObject({ exitCode: 0, step: 'drop', versions: ['v2'] });
    expect(written('three').startsWith(written('four'))).toBe(true);
    const { stdout } = await promoted.run('rotate-secrets', 'status', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      secrets: expect.arrayContaining([
        {
          secret: 'SECRETS_KEY',
          under_way: true,
          next: 'aegis rotate-secrets secrets-key --out <file> (drop)',
        },
      ]),
    });
    expect(stdout).not.toContain(written('four').slice(3));
    const other = production.with({ SECRETS_KEY: written('four').replace('v2:', 'v1:') });
    expect(await other.run('rotate-secrets', 'secrets-key', '--out', 'five')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('SECRETS_KEY: the secret given for v1 is not the one'),
    });
  });

  it.each([
    [['database', '--role', 'superuser', '--out', 'x']],
    [['database', '--role', 'application']],
    [['database', '--role', 'application', '--out', 'x', '--finish']],
    [['database', '--role', 'owner', '--finish']],
    [['peppers']],
    [['secrets-key']],
  ])('refuses %j with exit code 2', async (args) => {
    expect(await aegis.run('rotate-secrets', ...args)).toMatchObject({ exitCode: 2, stdout: '' });
  });
});
