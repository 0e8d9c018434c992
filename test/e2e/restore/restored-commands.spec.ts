import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { insertLicenseRows, insertRowKey, ROW_KEY } from '../../support/database/license-rows';
import { superuserOf } from '../../support/database/sql';
import { aLicense } from '../../support/factories';
import type { CommandLine } from '../../support/processes/command-line';
import { commandLineOf, testServer, type TestServer } from '../../support/processes/server';
import { Client } from '../../support/requests/client';

// Commands warn of a key whose passphrase is stretched less.
jest.unmock('../../../libs/signing/src/keys/passphrase-iterations');

/** What leaves such a database counts for weeks, wherever it is carried: no server that is asked later takes it back. */
describe('commands on a database that is restored and not reconciled', () => {
  let folder: string;
  let server: TestServer;
  let aegis: CommandLine;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-restored-'));
    server = await testServer();
    await aLicense(new Client(server.url, server.adminKey));
    aegis = commandLineOf(server, folder);
    const sql = await superuserOf(server);
    await insertRowKey(sql);
    await sql.query(`INSERT INTO customers (id, name) VALUES ('resigned', 'Resigned Ltd')`);
    await sql.query(
      insertLicenseRows(
        `SELECT 'resigned' AS customer_id, 'perpetual' AS license_type, 'active' AS status, NULL::timestamptz AS expires_at`,
      ),
    );
    await sql.query(
      `INSERT INTO license_tokens (sha256, license_id, key_id, revision)
       SELECT sha256(id::text::bytea), id, key_id, 1 FROM licenses WHERE customer_id = 'resigned'`,
    );
    await sql.end();
    // From now on a report has the new token, and there is nothing to write.
    expect(await aegis.run('licenses', 'resign', '--key', ROW_KEY)).toMatchObject({ exitCode: 0 });
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  async function asSuperuser(statement: string): Promise<void> {
    const sql = await superuserOf(server);
    await sql.query(statement);
    await sql.end();
  }

  it.each([
    ['sign no status lists', ['status-list', 'export', 'lists'], 'lists/status-list-0.jwt'],
    ['sign no single one', ['status-list', 'export', '--list', '0', 'list.jwt'], 'list.jwt'],
    ['give no keys to the root key', ['keys', 'export', '--out', 'keys.json'], 'keys.json'],
    ['give no keys to verifiers of the trail', ['keys', 'export', '--all', '--out', 'all.json'], 'all.json'],
    [
      'report no tokens to be sent to customers',
      ['licenses', 'resign', '--key', ROW_KEY, '--report', 'new.ndjson'],
      'new.ndjson',
    ],
  ])('%s', async (_, command, file) => {
    await asSuperuser(`INSERT INTO restores (begun_by, reason) VALUES ('test', 'a test')`);
    const refused = await aegis.run(...command);
    expect({ ...refused, stderr: '' }).toEqual({ exitCode: 1, stdout: '', stderr: '' });
    expect(refused.stderr).toContain('aegis restore reconcile');
    expect(readdirSync(folder, { recursive: true }).filter((name) => String(name) !== 'lists')).toEqual([]);

    await asSuperuser('UPDATE restores SET reconciled_at = clock_timestamp() WHERE reconciled_at IS NULL');
    expect(await aegis.run(...command)).toMatchObject({ exitCode: 0 });
    expect(existsSync(join(folder, file))).toBe(true);
    rmSync(join(folder, file));
  });
});
