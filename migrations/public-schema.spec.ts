import {
  assertApplicationRoleIsApart,
  assertSessionSettings,
  migrateUp,
  postgresOptions,
  warnOfSessionDefaults,
} from '@aegis/database';
import { Logger } from '@aegis/logging';
import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { DataSource } from 'typeorm';
import { emptyDatabase, testDatabase, type TestDatabase } from '../test/support/database/database';
import { migrationDataSource } from './data-source';
import { applicationPrivileges } from './privileges';

describe('the schema public', () => {
  let database: TestDatabase;
  let superuser: DataSource;
  const open: DataSource[] = [];

  async function connect(dataSource: DataSource): Promise<DataSource> {
    open.push(await dataSource.initialize());
    return dataSource;
  }

  async function using(making: Promise<TestDatabase>): Promise<void> {
    database = await making;
    superuser = await connect(new DataSource(postgresOptions(database.superuserUrl)));
  }

  afterEach(async () => {
    for (const dataSource of open.splice(0)) await dataSource.destroy();
    await database.drop();
  });

  const migrate = async (): Promise<string[]> =>
    migrateUp(await connect(migrationDataSource(database.ownerUrl)), 'aegis_app', applicationPrivileges);
  const mayCreate = async (role: string): Promise<boolean> => {
    const [row] = await superuser.query<{ may: boolean }[]>(
      `SELECT has_schema_privilege($1, 'public', 'CREATE') AS may`,
      [role],
    );
    return row!.may;
  };

  it('is closed to everybody except the migration role if that role owns the database', async () => {
    await using(emptyDatabase());
    await superuser.query('GRANT CREATE ON SCHEMA public TO PUBLIC');
    expect(await mayCreate('aegis_app')).toBe(true);
    await migrate();
    expect(await mayCreate('aegis_app')).toBe(false);
    expect(await mayCreate('aegis_owner')).toBe(true);
  });

  it('stops the migration with the statements to run where it belongs to postgres, as before PostgreSQL 15', async () => {
    await using(emptyDatabase());
    await superuser.query('ALTER SCHEMA public OWNER TO postgres');
    await superuser.query('GRANT CREATE, USAGE ON SCHEMA public TO PUBLIC');
    const refusal = await migrate().then(
      () => '',
      (error: unknown) => (error as Error).message,
    );
    const statements =
      'GRANT CREATE ON SCHEMA public TO "aegis_owner"; REVOKE CREATE ON SCHEMA public FROM PUBLIC;';
    expect(refusal).toContain(`Run as superuser, in that database: ${statements}`);
    expect(refusal).toContain('aegis migrate up');
    expect(await mayCreate('aegis_app')).toBe(true);

    await superuser.query(statements);
    await migrate();
    expect(await mayCreate('aegis_app')).toBe(false);
  });

  it('stops the migration if PUBLIC may create too', async () => {
    await using(emptyDatabase());
    await superuser.query('ALTER SCHEMA public OWNER TO postgres');
    await superuser.query('GRANT CREATE, USAGE ON SCHEMA public TO PUBLIC');
    await superuser.query('GRANT CREATE ON SCHEMA public TO aegis_owner');
    await expect(migrate()).rejects.toThrow(/REVOKE CREATE ON SCHEMA public FROM PUBLIC/);
  });

  it('stops the migration if the privilege was taken from the migration role too', async () => {
    await using(testDatabase());
    await superuser.query('ALTER SCHEMA public OWNER TO postgres');
    await superuser.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC, aegis_owner');
    await superuser.query(`DELETE FROM schema_migrations WHERE name = 'CloseThePublicSchema1764100000000'`);
    await expect(migrate()).rejects.toThrow(/GRANT CREATE ON SCHEMA public TO "aegis_owner"/);
  });

  it('has the tables even if a schema is named after the migration role', async () => {
    await using(emptyDatabase());
    await superuser.query('CREATE SCHEMA aegis_owner AUTHORIZATION aegis_owner');
    await migrate();
    const elsewhere = await superuser.query(
      `SELECT oid::regclass FROM pg_class WHERE relnamespace = 'aegis_owner'::regnamespace`,
    );
    expect(elsewhere).toEqual([]);
  });

  describe('at the start of a server', () => {
    let app: DataSource;

    beforeEach(async () => {
      await using(testDatabase());
      app = await database.dataSource([]);
    });

    it('accepts the role that the migrations provide for', async () => {
      await expect(assertApplicationRoleIsApart(app)).resolves.toBeUndefined();
    });

    it.each(['GRANT CREATE ON SCHEMA public TO aegis_app', 'GRANT CREATE ON SCHEMA public TO PUBLIC'])(
      'refuses a role that may create in public: %s',
      async (grant) => {
        await superuser.query(grant);
        const refusal = await assertApplicationRoleIsApart(app).catch(
          (error: unknown) => (error as Error).message,
        );
        const remedy = 'REVOKE CREATE ON SCHEMA public FROM PUBLIC, "aegis_app";';
        expect(refusal).toMatch(
          /^DATABASE_URL: its role aegis_app may create objects in the schema public\. /,
        );
        expect(refusal).toContain(remedy);
        await superuser.query(remedy);
        await expect(assertApplicationRoleIsApart(app)).resolves.toBeUndefined();
      },
    );

    it('refuses a role that may create schemas in the database', async () => {
      const name = new URL(database.superuserUrl).pathname.slice(1);
      await superuser.query(`GRANT CREATE ON DATABASE ${name} TO aegis_app`);
      const refusal = await assertApplicationRoleIsApart(app).catch(
        (error: unknown) => (error as Error).message,
      );
      const remedy = `REVOKE CREATE ON DATABASE "${name}" FROM PUBLIC, "aegis_app";`;
      expect(refusal).toContain(remedy);
      await superuser.query(remedy);
      await expect(assertApplicationRoleIsApart(app)).resolves.toBeUndefined();
    });

    it('refuses sessions that have other settings than it asks for, as behind a pooler that drops them', async () => {
      await expect(assertSessionSettings(app)).resolves.toBeUndefined();
      const name = new URL(database.superuserUrl).pathname.slice(1);
      await superuser.query(`ALTER ROLE aegis_app IN DATABASE ${name} SET extra_float_digits = -15`);
      await superuser.query(`ALTER ROLE aegis_app IN DATABASE ${name} SET search_path = pg_temp, public`);
      await expect(assertSessionSettings(app)).resolves.toBeUndefined();
      const dropping = await connect(new DataSource(postgresOptions(database.applicationUrl)));
      const refusal = await assertSessionSettings(dropping).catch(
        (error: unknown) => (error as Error).message,
      );
      expect(refusal).toMatch(/^DATABASE_URL: its sessions have other settings/);
      expect(refusal).toContain(`search_path = 'public,pg_temp', extra_float_digits = '1'`);
    });

    it('warns of settings that the database has for the sessions of the role, and names them', async () => {
      const lines: string[] = [];
      const stream = new PassThrough().on('data', (chunk: Buffer) => lines.push(chunk.toString()));
      const logger = new Logger({ level: 'info', format: 'json', stream });
      await warnOfSessionDefaults(app, logger);
      expect(lines).toEqual([]);
      const name = new URL(database.superuserUrl).pathname.slice(1);
      // A role may do so by itself.
      await app.query(`ALTER ROLE aegis_app IN DATABASE ${name} SET extra_float_digits = -15`);
      await superuser.query(`ALTER DATABASE ${name} SET row_security = off`);
      await superuser.query(`ALTER ROLE aegis_owner IN DATABASE ${name} SET work_mem = '8MB'`);
      await warnOfSessionDefaults(app, logger);
      expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
        expect.objectContaining({
          level: 'warn',
          of_the_role: ['extra_float_digits'],
          of_the_database: ['row_security'],
        }),
      ]);
    });

    it.each([
      [
        'creates in public through a role that it may take on',
        'NOINHERIT',
        /may create objects in the schema public/,
      ],
      ['may create roles, and so make itself a member of the owner', 'CREATEROLE', /may create roles/],
    ])('refuses a role that %s', async (_, attribute, message) => {
      // A role of its own: other tests log in as the usual one meanwhile.
      const suffix = randomBytes(6).toString('hex');
      const [role, creator] = [`app_${suffix}`, `creator_${suffix}`];
      await superuser.query(`CREATE ROLE ${role} LOGIN ${attribute} PASSWORD '${suffix}'`);
      await superuser.query(`CREATE ROLE ${creator} NOLOGIN`);
      const url = new URL(database.applicationUrl);
      [url.username, url.password] = [role, suffix];
      const other = await connect(new DataSource(postgresOptions(url.href)));
      try {
        if (attribute === 'NOINHERIT') {
          await expect(assertApplicationRoleIsApart(other)).resolves.toBeUndefined();
          await superuser.query(`GRANT CREATE ON SCHEMA public TO ${creator}`);
          await superuser.query(`GRANT ${creator} TO ${role}`);
        }
        await expect(assertApplicationRoleIsApart(other)).rejects.toThrow(message);
      } finally {
        await superuser.query(`DROP OWNED BY ${creator}`);
        await superuser.query(`DROP ROLE ${creator}, ${role}`);
      }
    });
  });
});
