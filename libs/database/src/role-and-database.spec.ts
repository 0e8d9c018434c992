import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { inDatabase, testDatabase, type TestDatabase } from '../../../test/support/database/database';
import { superuserOf } from '../../../test/support/database/sql';
import { createDatabase, createRole, loginOfUrl, withAdministrator } from './role-and-database';

describe('roles and databases that are created', () => {
  let elsewhere: TestDatabase;
  let superuser: Client;
  let name: string;

  beforeEach(async () => {
    elsewhere = await testDatabase();
    superuser = await superuserOf({ database: elsewhere });
    name = `made_${randomBytes(6).toString('hex')}`;
  });
  afterEach(async () => {
    await superuser.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    for (const role of [name, `${name}_admin`]) await superuser.query(`DROP ROLE IF EXISTS ${role}`);
    await superuser.end();
    await elsewhere.drop();
  });

  const secretOf = async (): Promise<string | null | undefined> =>
    (
      await superuser.query<{ secret: string | null }>(
        'SELECT rolpassword AS secret FROM pg_authid WHERE rolname = $1',
        [name],
      )
    ).rows[0]?.secret;

  it('reads role and password of a URL decoded', () => {
    expect(loginOfUrl('postgres://a%40b:p%2Fw@h/d')).toEqual({ role: 'a@b', password: 'p/w' });
  });

  it('a role that exists keeps its password', async () => {
    expect(await createRole(superuser, { role: name, password: 'first' })).toBe(true);
    const before = await secretOf();
    expect(before).toMatch(/^SCRAM-SHA-256\$/);
    expect(await createRole(superuser, { role: name, password: 'second' })).toBe(false);
    expect(await secretOf()).toBe(before);
  });

  it('no statement contains a password', async () => {
    const sent = jest.spyOn(superuser, 'query');
    await createRole(superuser, { role: name, password: 'not-to-be-seen' });
    expect(sent).toHaveBeenCalledTimes(2);
    expect(JSON.stringify(sent.mock.calls)).not.toContain('not-to-be-seen');
  });

  it('a role without a password has none', async () => {
    await createRole(superuser, { role: name, password: '' });
    expect(await secretOf()).toBeNull();
  });

  it('an administrator can work before the database exists, and inside it afterwards', async () => {
    const where = (client: Client): Promise<unknown> =>
      client.query('SELECT current_database() AS name').then(({ rows }) => (rows as unknown[])[0]);
    const url = inDatabase(elsewhere.superuserUrl, name);
    expect(await withAdministrator(url, where, 'ADMIN_DATABASE_URL')).toEqual({ name: 'postgres' });
    await createRole(superuser, { role: name, password: 'first' });
    expect(await createDatabase(superuser, name, name)).toBe(true);
    expect(await createDatabase(superuser, name, name)).toBe(false);
    expect(await withAdministrator(url, where, 'ADMIN_DATABASE_URL')).toEqual({ name });
  });

  it('a membership that the administrator had before is kept', async () => {
    await createRole(superuser, { role: name, password: 'first' });
    await superuser.query(`CREATE ROLE ${name}_admin LOGIN CREATEROLE CREATEDB PASSWORD 'p' IN ROLE ${name}`);
    const url = new URL(inDatabase(elsewhere.superuserUrl, name));
    url.username = `${name}_admin`;
    url.password = 'p';
    await withAdministrator(url.href, (admin) => createDatabase(admin, name, name), 'ADMIN_DATABASE_URL');
    const { rowCount } = await superuser.query(
      'SELECT FROM pg_auth_members WHERE roleid = $1::regrole AND member = $2::regrole',
      [name, `${name}_admin`],
    );
    expect(rowCount).toBe(1);
  });
});
