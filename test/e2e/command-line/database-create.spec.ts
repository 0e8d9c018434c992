import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client as SqlClient } from 'pg';
import { CommandLine } from '../../support/processes/command-line';
import { inDatabase, testDatabase, type TestDatabase } from '../../support/database/database';
import { superuserOf } from '../../support/database/sql';

// Each command is a process of its own, and the machine may be busy.
jest.setTimeout(120_000);

describe('aegis database create', () => {
  let folder: string;
  let elsewhere: TestDatabase;
  let superuser: SqlClient;
  let aegis: CommandLine;
  /** Roles belong to the whole PostgreSQL, which other tests use: this one has its own. */
  let name: string;
  let roles: string[];

  const urlOf = (role: string, password: string, database = name): string => {
    const url = new URL(inDatabase(elsewhere.superuserUrl, database));
    url.username = role;
    url.password = encodeURIComponent(password);
    return url.href;
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-create-'));
    elsewhere = await testDatabase();
    superuser = await superuserOf({ database: elsewhere });
    name = `created_${randomBytes(6).toString('hex')}`;
    roles = [`${name}_app`, `${name}_owner`, `${name}_admin`];
    aegis = new CommandLine(folder, {
      ENVIRONMENT: 'test',
      DATABASE_URL: urlOf(`${name}_app`, "app/pass'word"),
      MIGRATION_DATABASE_URL: urlOf(`${name}_owner`, 'owner-password'),
      ADMIN_DATABASE_URL: inDatabase(elsewhere.superuserUrl, name),
      API_KEY_PEPPERS: 'v1:0123456789abcdef0123456789abcdef',
    });
  });
  afterEach(async () => {
    await superuser.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    for (const role of roles) await superuser.query(`DROP ROLE IF EXISTS ${role}`);
    await superuser.end();
    await elsewhere.drop();
    rmSync(folder, { recursive: true });
  });

  const rightsOf = async (role: string): Promise<object> => {
    const { rows } = await superuser.query<Record<string, boolean>>(
      `SELECT rolcanlogin AS login, rolsuper AS super, rolcreaterole AS roles, rolcreatedb AS databases,
              rolreplication AS replication, rolbypassrls AS rls FROM pg_roles WHERE rolname = $1`,
      [role],
    );
    return rows[0] ?? {};
  };

  it('makes two roles that may only log in, and a database of the owner, ready to be migrated', async () => {
    const { exitCode, stdout, stderr } = await aegis.run('database', 'create');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toBe(
      `created  role ${name}_owner\ncreated  role ${name}_app\ncreated  database ${name}\n`,
    );
    const login = {
      ...{ login: true, super: false, roles: false },
      ...{ databases: false, replication: false, rls: false },
    };
    expect(await rightsOf(`${name}_owner`)).toEqual(login);
    expect(await rightsOf(`${name}_app`)).toEqual(login);
    const { rows } = await superuser.query(
      `SELECT pg_get_userbyid(datdba) AS owner, pg_encoding_to_char(encoding) AS encoding
       FROM pg_database WHERE datname = $1`,
      [name],
    );
    expect(rows).toEqual([{ owner: `${name}_owner`, encoding: 'UTF8' }]);

    expect(await aegis.run('migrate', 'up')).toMatchObject({ exitCode: 0 });
    expect(await aegis.run('api-keys', 'list')).toMatchObject({ exitCode: 0 });
  });

  it('changes nothing the second time', async () => {
    await aegis.run('database', 'create');
    const secrets = async (): Promise<unknown> => {
      const { rows } = await superuser.query<{ role: string; secret: string }>(
        'SELECT rolname AS role, rolpassword AS secret FROM pg_authid WHERE rolname = ANY($1)',
        [roles],
      );
      return rows;
    };
    const before = await secrets();
    const { exitCode, stdout } = await aegis.run('database', 'create', '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      made: [
        { kind: 'role', name: `${name}_owner`, created: false },
        { kind: 'role', name: `${name}_app`, created: false },
        { kind: 'database', name, created: false },
      ],
    });
    expect(await secrets()).toEqual(before);
  });

  it('says so when a role exists with another password, and keeps that one', async () => {
    await superuser.query(`CREATE ROLE ${name}_app LOGIN PASSWORD 'in-use-elsewhere'`);
    const { exitCode, stderr } = await aegis.run('database', 'create');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^DATABASE_URL: the database refuses the role or its password/);
    const kept = new SqlClient({ connectionString: urlOf(`${name}_app`, 'in-use-elsewhere') });
    await kept.connect();
    await kept.end();
  });

  it('an administrator who is not a superuser can do it, and is a member of the owner no longer than needed', async () => {
    await superuser.query(`CREATE ROLE ${name}_admin LOGIN CREATEROLE CREATEDB PASSWORD 'admin-password'`);
    const { exitCode, stderr } = await aegis
      .with({ ADMIN_DATABASE_URL: urlOf(`${name}_admin`, 'admin-password') })
      .run('database', 'create');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const { rows } = await superuser.query(
      `SELECT FROM pg_auth_members WHERE member = '${name}_admin'::regrole AND NOT admin_option`,
    );
    expect(rows).toEqual([]);
  });

  it('several at once leave one of each', async () => {
    const ends = await Promise.all(
      Array.from({ length: 3 }, () => aegis.run('database', 'create', '--json')),
    );
    expect(ends.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(ends.map(() => [0, '']));
    const made = ends.flatMap(({ stdout }) => (JSON.parse(stdout) as { made: { created: boolean }[] }).made);
    expect(made.filter(({ created }) => created)).toHaveLength(3);
  });

  it.each([
    ['ADMIN_DATABASE_URL', { ADMIN_DATABASE_URL: undefined }, /^ADMIN_DATABASE_URL: required/],
    ['MIGRATION_DATABASE_URL', { MIGRATION_DATABASE_URL: undefined }, /^MIGRATION_DATABASE_URL: required/],
    ['DATABASE_URL', { DATABASE_URL: undefined }, /^DATABASE_URL: required/],
  ])('names %s where it is missing', async (_, changes, message) => {
    const { exitCode, stdout, stderr } = await aegis.with(changes).run('database', 'create');
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('refuses one role for both, and two databases', async () => {
    const one = await aegis
      .with({ MIGRATION_DATABASE_URL: urlOf(`${name}_app`, 'app-password') })
      .run('database', 'create');
    expect([one.exitCode, one.stderr]).toEqual([
      2,
      expect.stringMatching(/^MIGRATION_DATABASE_URL: name another role/),
    ]);
    const two = await aegis
      .with({ MIGRATION_DATABASE_URL: urlOf(`${name}_owner`, 'owner-password', 'another') })
      .run('database', 'create');
    expect([two.exitCode, two.stderr]).toEqual([
      2,
      expect.stringMatching(/^MIGRATION_DATABASE_URL: name the same database/),
    ]);
    expect(await rightsOf(`${name}_app`)).toEqual({});
  });

  it('an administrator who may not create roles is named', async () => {
    await superuser.query(`CREATE ROLE ${name}_admin LOGIN PASSWORD 'admin-password'`);
    const { exitCode, stderr } = await aegis
      .with({ ADMIN_DATABASE_URL: urlOf(`${name}_admin`, 'admin-password') })
      .run('database', 'create');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^ADMIN_DATABASE_URL: its role/);
    expect(stderr).not.toContain('password');
  });
});
