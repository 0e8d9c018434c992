import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client as SqlClient } from 'pg';
import { Client } from '../../support/requests/client';
import type { CommandLine } from '../../support/processes/command-line';
import { insertLicenseRows, insertRowKey, ROW_KEY } from '../../support/database/license-rows';
import { commandLineOf, testServer, type TestServer } from '../../support/processes/server';
import { superuserOf } from '../../support/database/sql';
import { until } from '../../support/until';

// Commands warn of a key whose passphrase is stretched less.
jest.unmock('../../../libs/signing/src/keys/passphrase-iterations');

const LICENSES = 1500;

interface Line {
  license_id: string;
  customer_id: string;
  old_key_id: string;
  new_key_id: string;
  revision: number;
  token: string;
}

describe('aegis licenses resign', () => {
  let folder: string;
  let server: TestServer;
  let sql: SqlClient;
  let aegis: CommandLine;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-resign-'));
    server = await testServer();
    sql = await superuserOf(server);
    await sql.query(`INSERT INTO customers (id, name) VALUES ('acme', 'Acme Corporation')`);
    await insertRowKey(sql);
    await sql.query(
      insertLicenseRows(
        `SELECT 'acme' AS customer_id, 'perpetual' AS license_type, 'active' AS status, NULL::timestamptz AS expires_at
         FROM generate_series(1, ${LICENSES})`,
      ),
    );
    await sql.query(
      `INSERT INTO license_tokens (sha256, license_id, key_id, revision) SELECT sha256(id::text::bytea), id, key_id, 1 FROM licenses`,
    );
    aegis = commandLineOf(server, folder);
  });
  afterEach(async () => {
    await sql.end();
    await server.close();
    rmSync(folder, { recursive: true });
  });

  const resigned = async (): Promise<number> => {
    const { rows } = await sql.query<{ count: number }>(
      'SELECT count(*)::int FROM licenses WHERE key_id <> $1',
      [ROW_KEY],
    );
    return rows[0]!.count;
  };
  const report = (name: string): string => join(folder, name);
  const linesOf = (name: string): Line[] =>
    readFileSync(report(name), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line);

  it('leaves out tokens that were recorded after the last good time, which the dry run of the compromise counts first', async () => {
    const json = async (...args: string[]): Promise<Record<string, unknown>> => {
      const { exitCode, stdout, stderr } = await aegis.run(...args, '--json');
      expect([exitCode, stderr]).toEqual([0, '']);
      return JSON.parse(stdout) as Record<string, unknown>;
    };
    const { rows } = await sql.query<{ time: Date }>(
      `UPDATE license_tokens SET recorded_at = recorded_at - interval '1 hour'
       WHERE license_id IN (SELECT id FROM licenses ORDER BY id LIMIT 10)
       RETURNING date_trunc('milliseconds', clock_timestamp() - interval '30 minutes') AS time`,
    );
    const after = ['--after', rows[0]!.time.toISOString()];
    const compromise = ['keys', 'compromise', ROW_KEY];
    expect(await json(...compromise, '--dry-run')).toMatchObject({
      dry_run: true,
      after: null,
      licenses: { stop: LICENSES, stay: 0 },
    });
    expect(await json(...compromise, ...after, '--dry-run')).toMatchObject({
      licenses: { stop: LICENSES - 10, stay: 10 },
    });
    expect((await json('keys', 'inspect', ROW_KEY)).state).toBe('retired');
    expect(await json(...compromise, ...after, '--yes')).toMatchObject({
      state: 'compromised',
      licenses: { stop: LICENSES - 10, stay: 10 },
    });
    expect(await json('licenses', 'resign', '--key', ROW_KEY, '--dry-run')).toMatchObject({
      due: 10,
      left: { recorded_after: LICENSES - 10 },
    });
    const text = await aegis.run('licenses', 'resign', '--key', ROW_KEY, '--dry-run', '--include-after');
    expect(text.stdout).toContain(`${LICENSES} license(s) would be signed again.`);
    expect((await aegis.run('keys', 'compromise', 'nobody', '--dry-run')).exitCode).toBe(1);
  });

  it('continues after kill -9, with a report that has every license', async () => {
    const running = aegis.start(
      'licenses',
      'resign',
      '--key',
      ROW_KEY,
      '--rate',
      '150',
      '--report',
      'new.ndjson',
    );
    await until('some are signed', async () => (await resigned()) > 0, 60_000);
    running.process.kill('SIGKILL');
    await running.ended;
    const before = await resigned();
    expect(before).toBeLessThan(LICENSES);
    // What is delivered is on record: no token leaves before its commit.
    for (const { token } of linesOf('new.ndjson')) {
      const hash = createHash('sha256').update(token).digest();
      expect((await sql.query('SELECT FROM license_tokens WHERE sha256 = $1', [hash])).rowCount).toBe(1);
    }

    const { exitCode, stdout } = await aegis.run(
      ...['licenses', 'resign', '--key', ROW_KEY, '--report', 'new.ndjson', '--json'],
    );
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      failures: [],
      key_id: ROW_KEY,
      reissued: LICENSES - before,
      failed: 0,
      postponed: 0,
      left: { revoked: 0, expired: 0, customer_inactive: 0, recorded_after: 0 },
      report: 'new.ndjson',
    });
    expect(await resigned()).toBe(LICENSES);
    expect(statSync(report('new.ndjson')).mode & 0o777).toBe(0o600);
    const lines = linesOf('new.ndjson');
    expect(new Set(lines.map(({ license_id }) => license_id)).size).toBe(LICENSES);
    const { rows } = await sql.query<{ id: string; token: string }>('SELECT id, token FROM licenses');
    expect(new Map(lines.map(({ license_id, token }) => [license_id, token]))).toEqual(
      new Map(rows.map(({ id, token }) => [id, token])),
    );
    const tokens = await sql.query<{ count: number }>('SELECT count(*)::int FROM license_tokens');
    expect(tokens.rows).toEqual([{ count: 2 * LICENSES }]);

    const [line] = lines;
    expect(line).toMatchObject({ customer_id: 'acme', old_key_id: ROW_KEY, revision: 2 });
    expect(line!.new_key_id).not.toBe(ROW_KEY);
    const question = { token: line!.token, module_name: 'payroll', odoo_version: '17' };
    expect((await new Client(server.url).post('/api/v1/licenses/validate', question)).body).toMatchObject({
      code: 'VALID',
    });
  });

  it('counts without a change, and writes a table for a spreadsheet', async () => {
    const dryRun = await aegis.run('licenses', 'resign', '--key', ROW_KEY, '--dry-run');
    expect(dryRun).toEqual({
      exitCode: 0,
      stdout: `${LICENSES} license(s) would be signed again. Left as they are: 0 revoked, 0 expired, 0 of inactive customers, 0 recorded after the compromise.\n`,
      stderr: '',
    });
    expect(await resigned()).toBe(0);

    await sql.query(
      `UPDATE licenses SET status = 'revoked', revoked_at = now() WHERE id > '20000000-0000-0000-0000-000000000000'`,
    );
    const { exitCode, stderr } = await aegis.run(
      ...['licenses', 'resign', '--key', ROW_KEY, '--supersede', '--yes', '--report', 'new.csv'],
    );
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const [head, ...lines] = readFileSync(report('new.csv'), 'utf8').trimEnd().split('\r\n');
    expect(head).toBe('license_id,customer_id,module_name,old_key_id,new_key_id,revision,expires_at,token');
    expect(lines).toHaveLength(await resigned());
    const superseded = await sql.query<{ count: number }>(
      'SELECT count(*)::int FROM license_tokens WHERE superseded_at IS NOT NULL',
    );
    expect(superseded.rows).toEqual([{ count: lines.length }]);
  });

  it('refuses keys it cannot sign again, and files that are not reports', async () => {
    writeFileSync(report('other.csv'), 'name,price\n');
    const { rows } = await sql.query<{ kid: string }>(`SELECT kid FROM signing_keys WHERE state = 'active'`);
    for (const args of [
      ['--key', 'unknown'],
      ['--key', rows[0]!.kid],
      ['--key', ROW_KEY, '--report', 'other.csv'],
      ['--key', ROW_KEY, '--report', 'new.txt'],
      ['--key', ROW_KEY, '--report', 'missing/new.csv'],
      ['--key', ROW_KEY, '--rate', '0'],
    ]) {
      const { exitCode, stdout, stderr } = await aegis.run('licenses', 'resign', ...args);
      expect({ args, exitCode, stdout }).toEqual({ args, exitCode: 2, stdout: '' });
      expect(stderr).not.toBe('');
    }
    expect(await resigned()).toBe(0);
    expect(readFileSync(report('other.csv'), 'utf8')).toBe('name,price\n');
    expect(existsSync(report('new.txt'))).toBe(false);
  });
});
