import { listedStatus, openStatusList, parseToken } from '@aegis/license-token';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '../../support/requests/client';
import type { CommandLine } from '../../support/processes/command-line';
import { aLicense } from '../../support/factories';
import { commandLineOf, testServer, type TestServer } from '../../support/processes/server';
import { superuserOf } from '../../support/database/sql';
import { keysOf, placeOf } from '../../support/trail/status-lists';

// Commands warn of a key whose passphrase is stretched less.
jest.unmock('../../../libs/signing/src/keys/passphrase-iterations');

describe('aegis status-list export', () => {
  let folder: string;
  let server: TestServer;
  let admin: Client;
  let aegis: CommandLine;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-export-'));
    server = await testServer();
    admin = new Client(server.url, server.adminKey);
    aegis = commandLineOf(server, folder);
  });
  afterEach(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  it('writes all lists, no matter how many there are', async () => {
    const license = await aLicense(admin);
    const sql = await superuserOf(server);
    await sql.query(
      `INSERT INTO license_tokens (sha256, license_id, key_id, revision, status_list, status_index)
       SELECT sha256(n::text::bytea), license_id, key_id, n + 1, n, 0
       FROM generate_series(1, 1004) AS n, license_tokens WHERE license_id = $1`,
      [license.id],
    );
    await sql.end();
    const all = await aegis.run('status-list', 'export', 'lists', '--json');
    expect(all).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(all.stdout)).toMatchObject({ total: 1005 });
    expect(readdirSync(join(folder, 'lists'))).toHaveLength(1005);
  });

  it('writes every list as the server signs it, one of them alone if asked, and replaces what is there', async () => {
    const [license, other] = [await aLicense(admin), await aLicense(admin)];
    await admin.post(`/api/v1/licenses/${license.id}/revoke`, { reason: 'refunded' });
    const sql = await superuserOf(server);
    await sql.query('UPDATE license_tokens SET status_list = 1 WHERE license_id = $1', [other.id]);
    await sql.end();
    const keys = await keysOf(server.url);
    const statusIn = async (file: string): Promise<string> => {
      const list = await openStatusList(readFileSync(file, 'utf8'), keys);
      const parsed = parseToken(license.token);
      if ('refused' in list || 'malformed' in parsed) throw new Error('not readable');
      // Where the server is reached is a setting: another one here than in the server of this test.
      expect(list.uri).toBe(`http://localhost:8000${placeOf(license.token).path}`);
      return listedStatus({ ...list, uri: placeOf(license.token).uri }, parsed.claims, new Date());
    };

    const all = await aegis.run('status-list', 'export', 'lists/of-today', '--json');
    expect(all).toMatchObject({ exitCode: 0, stderr: '' });
    const files = [0, 1].map((list) => ({ list, file: `lists/of-today/status-list-${list}.jwt` }));
    expect(JSON.parse(all.stdout)).toEqual({ status_lists: files, total: 2 });
    const made = join(folder, 'lists/of-today');
    expect(readdirSync(made).sort()).toEqual(['status-list-0.jwt', 'status-list-1.jwt']);
    expect(await statusIn(join(made, 'status-list-0.jwt'))).toBe('revoked');

    writeFileSync(join(folder, 'one.jwt'), 'what was there before');
    const one = await aegis.run('status-list', 'export', 'one.jwt', '--list', '0');
    expect(one).toMatchObject({
      exitCode: 0,
      stdout: 'one.jwt\n1 status list(s) written; they are valid for 35 days\n',
    });
    expect(await statusIn(join(folder, 'one.jwt'))).toBe('revoked');
    mkdirSync(join(folder, 'there'));
    expect((await aegis.run('status-list', 'export', 'there', '--list', '1')).exitCode).toBe(0);
    expect(readdirSync(join(folder, 'there'))).toEqual(['status-list-1.jwt']);
  });

  it('says no if the list does not exist, and names a path that it cannot write', async () => {
    const none = await aegis.run('status-list', 'export', 'here', '--json');
    expect(none).toMatchObject({ exitCode: 0, stdout: '{"status_lists":[]}\n' });
    const missing = await aegis.run('status-list', 'export', 'here', '--list', '0');
    expect(missing).toMatchObject({
      exitCode: 1,
      stdout: 'There is no status list 0: no token refers to it.\n',
    });
    writeFileSync(join(folder, 'file'), '');
    const wrong = await aegis.run('status-list', 'export', 'file');
    expect(wrong).toMatchObject({ exitCode: 2, stderr: "file can't be written (EEXIST).\n" });
    expect((await aegis.run('status-list', 'export', 'x', '--list', '-1')).exitCode).toBe(2);
  });
});
