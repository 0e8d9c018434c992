import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client as SqlClient } from 'pg';
import { Client } from '../../support/requests/client';
import { CommandLine, type Ended } from '../../support/processes/command-line';
import { type TestDatabase, testDatabase } from '../../support/database/database';
import { testServer, type TestServer } from '../../support/processes/server';
import { superuserOf } from '../../support/database/sql';
import { V08Database } from '../../support/trail/v08';

// Commands warn of a key whose passphrase is stretched less.
jest.unmock('../../../libs/signing/src/keys/passphrase-iterations');

// Each command is a process of its own, and the machine may be busy.
jest.setTimeout(180_000);

const PREDECESSOR = join(__dirname, '../../data/predecessor');
const REAL_TOKEN = readFileSync(join(PREDECESSOR, 'example-perpetual.jwt'), 'utf8').trim();
const REAL_ID = '0bfb0cef-a864-400f-83d4-e8c6bd41dda5';

interface Finding {
  table: string;
  line: number;
  id: string | null;
  refused: boolean;
  code: string;
  message: string;
}

describe('aegis import v0.8', () => {
  let folder: string;
  let keysDir: string;
  let database: TestDatabase;
  let sql: SqlClient;
  let aegis: CommandLine;
  let privateKey: KeyObject;
  let v08: V08Database;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-v08-'));
    keysDir = join(folder, 'keys');
    mkdirSync(keysDir, { mode: 0o700 });
    copyFileSync(join(PREDECESSOR, 'aegis-2026-01.public.pem'), join(keysDir, 'aegis-2026-01.public.pem'));
    const pair = generateKeyPairSync('ed25519');
    ({ privateKey } = pair);
    writeFileSync(join(keysDir, 'old.public.pem'), pair.publicKey.export({ type: 'spki', format: 'pem' }));
    v08 = await V08Database.create(privateKey, 'old');
    database = await testDatabase();
    sql = await superuserOf({ database });
    aegis = new CommandLine(folder, {
      ENVIRONMENT: 'test',
      DATABASE_URL: database.applicationUrl,
      MIGRATION_DATABASE_URL: database.ownerUrl,
      KEYS_DIR: keysDir,
      ADOPT_PUBLIC_KEYS: 'true',
      KEY_PASSPHRASE: 'a passphrase for tests',
      V08_DATABASE_URL: v08.url,
      LOG_LEVEL: 'warn',
    });
  });
  afterEach(async () => {
    await sql.end();
    await v08.close();
    await database.drop();
    rmSync(folder, { recursive: true });
  });

  /** What v0.8 really has: its own license, states, a defect, an audit trail, API keys. */
  async function fill(): Promise<Record<'revoked' | 'suspended' | 'bound' | 'term' | 'ended', string>> {
    await v08.addCustomer('CUST-001', {
      name: 'Acme Corporation',
      company: 'Acme, "Inc."',
      notes: 'Pays late,\n"always".',
    });
    await v08.addCustomer('asleep', { is_active: false, email: null, notes: '' });
    await v08.addLicense('CUST-001', {
      id: REAL_ID,
      module_name: 'biz4a_payroll_drc',
      token: REAL_TOKEN,
      key_id: 'aegis-2026-01',
      issued_at: '2026-02-03 19:12:10',
      // The defect: its token has no end.
      expires_at: '2027-02-03 19:12:10',
    });
    const revoked = await v08.addLicense('CUST-001', {
      status: 'REVOKED',
      revoked_at: '2026-03-01 08:30:00.123456',
      revoked_reason: 'not paid, "again"',
    });
    const suspended = await v08.addLicense('asleep', { status: 'SUSPENDED' });
    const instance_fingerprint = `sha256:${'ab'.repeat(32)}`;
    const bound = await v08.addLicense('CUST-001', { instance_fingerprint }, { instance_fingerprint });
    const end = Date.UTC(2040, 0, 1) / 1000;
    const term = await v08.addLicense(
      'CUST-001',
      { license_type: 'SUBSCRIPTION', expires_at: '2040-01-01 00:00:00' },
      { license_type: 'subscription', exp: end },
    );
    const ended = await v08.addLicense(
      'CUST-001',
      { license_type: 'DEMO', expires_at: '2026-02-28 00:00:00', status: 'EXPIRED' },
      { license_type: 'demo', exp: Date.UTC(2026, 1, 28) / 1000 },
    );
    const event = { license_id: REAL_ID, customer_id: 'CUST-001', module_name: 'biz4a_payroll_drc' };
    await v08.insert('audit_logs', {
      ...event,
      event_type: 'issued',
      event_data: JSON.stringify({
        license_type: 'perpetual',
        customer_name: 'Acme Corporation',
        issued_by: 'jane',
      }),
      ip_address: '203.0.113.7',
      user_agent: 'curl/8',
      created_at: '2026-02-03 19:12:10.5',
    });
    await v08.sql.query(
      `INSERT INTO audit_logs (license_id, event_type, event_data, customer_id, ip_address, created_at)
       VALUES ($1, 'revoked', 'by Jane', 'CUST-001', '203.0.113.8', (now() AT TIME ZONE 'UTC') - interval '2 days')`,
      [revoked.id],
    );
    await v08.insert('api_keys', {
      key_hash: '$2b$12$abcdefghijklmnopqrstuuwvC',
      name: 'shop',
      can_issue_licenses: true,
      can_revoke_licenses: false,
      can_view_customers: true,
      is_active: true,
      usage_count: 12,
    });
    return { revoked: revoked.id, suspended: suspended.id, bound: bound.id, term: term.id, ended: ended.id };
  }

  const run = async (...args: string[]): Promise<Ended & { answer: Record<string, unknown> }> => {
    const ended = await aegis.run('import', 'v0.8', '--json', ...args);
    return { ...ended, answer: JSON.parse(ended.stdout) as Record<string, unknown> };
  };
  /** Does something with a server on the same database. */
  async function withServer(work: (server: TestServer) => Promise<void>): Promise<void> {
    const server = await testServer({ database, keysDir });
    await work(server).finally(() => server.close());
  }
  const licenses = async (): Promise<Record<string, Record<string, unknown>>> => {
    const { rows } = await sql.query<Record<string, unknown> & { id: string }>('SELECT * FROM licenses');
    return Object.fromEntries(rows.map((row) => [row.id, row]));
  };
  const counted = async (): Promise<unknown> => {
    const { rows } = await sql.query(
      `SELECT (SELECT count(*)::int FROM licenses) AS licenses, (SELECT count(*)::int FROM customers) AS customers,
              (SELECT count(*)::int FROM audit_logs WHERE event_data->>'imported_from' = 'v0.8') AS records`,
    );
    return rows[0];
  };

  /** What the records of the ends of imports say. */
  const ends = async (): Promise<unknown[]> => {
    const { rows } = await sql.query<{ said: unknown }>(
      `SELECT event_data AS said FROM audit_logs WHERE event_type = 'import.finished' ORDER BY id`,
    );
    return rows.map(({ said }) => said);
  };

  describe.each(['its database', 'a folder of CSV'])('from %s', (from) => {
    async function source(): Promise<string[]> {
      if (from === 'its database') return [];
      const csv = mkdtempSync(join(folder, 'csv-'));
      await v08.copyTo(csv);
      return ['--from', csv];
    }

    it('imports everything once, and compares both sides', async () => {
      const ids = await fill();
      const { exitCode, stderr, answer } = await run(...(await source()));
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(answer).toEqual({
        findings: [],
        customers: {
          v08: { active: 1, inactive: 1 },
          here: { active: 1, inactive: 1 },
          created: 2,
          unchanged: 0,
          refused: 0,
        },
        licenses: {
          imported: 6,
          revoked: 0,
          completed: 0,
          unchanged: 0,
          refused: 0,
          perpetual_with_end: 1,
          reconciliation: [
            { license_type: 'perpetual', status: 'active', v08: 2, refused: 0, here: 2 },
            { license_type: 'perpetual', status: 'suspended', v08: 1, refused: 0, here: 1 },
            { license_type: 'perpetual', status: 'revoked', v08: 1, refused: 0, here: 1 },
            { license_type: 'subscription', status: 'active', v08: 1, refused: 0, here: 1 },
            { license_type: 'demo', status: 'expired', v08: 1, refused: 0, here: 1 },
          ],
        },
        audit_logs: { v08: 2, imported: 2, unchanged: 0, refused: 0 },
        api_keys: {
          total: 1,
          in_use: 1,
          to_replace: [
            {
              id: '1',
              name: 'shop',
              in_use: true,
              expires_at: null,
              last_used_at: null,
              usage_count: 12,
              scopes: ['licenses:issue', 'customers:read'],
            },
          ],
        },
        dry_run: false,
      });

      const here = await licenses();
      expect(here[REAL_ID]).toMatchObject({ token: REAL_TOKEN, expires_at: null, status: 'active' });
      expect(here[ids.revoked]).toMatchObject({
        status: 'revoked',
        revoked_at: new Date('2026-03-01T08:30:00.123Z'),
        revoked_reason: 'not paid, "again"',
      });
      expect(here[ids.suspended]).toMatchObject({ status: 'suspended', customer_id: 'asleep' });
      expect(here[ids.bound]).toMatchObject({ instance_fingerprint: `sha256:${'ab'.repeat(32)}` });
      expect(here[ids.term]).toMatchObject({ expires_at: new Date('2040-01-01T00:00:00Z') });
      const { rows: customers } = await sql.query(
        'SELECT id, name, email, company, notes, is_active FROM customers ORDER BY id',
      );
      expect(customers).toEqual([
        {
          id: 'CUST-001',
          name: 'Acme Corporation',
          email: 'CUST-001@example.com',
          company: 'Acme, "Inc."',
          notes: 'Pays late,\n"always".',
          is_active: true,
        },
        { id: 'asleep', name: 'Customer asleep', email: null, company: null, notes: null, is_active: false },
      ]);
      const question = { token: REAL_TOKEN, module_name: 'biz4a_payroll_drc', odoo_version: '17.0' };
      await withServer(async ({ url }) => {
        const verdict = await new Client(url).post('/api/v1/licenses/validate', question);
        expect(verdict.body).toMatchObject({ code: 'VALID' });
      });

      const again = await run(...(await source()));
      expect(again).toMatchObject({
        exitCode: 0,
        answer: {
          findings: [],
          customers: { created: 0, unchanged: 2 },
          licenses: { imported: 0, revoked: 0, unchanged: 6, refused: 0 },
          audit_logs: { imported: 0, unchanged: 2 },
        },
      });
      expect(await counted()).toEqual({ licenses: 6, customers: 2, records: 2 });
      expect(await ends()).toEqual([
        {
          source: 'v0.8',
          licenses_imported: 6,
          licenses_revoked: 0,
          licenses_completed: 0,
          customers_created: 2,
          audit_records_imported: 2,
        },
      ]);
    });

    it('imports audit records with their times, without personal values and without addresses that are too old', async () => {
      const { revoked } = await fill();
      await run(...(await source()));
      const { rows } = await sql.query(
        `SELECT event_type, license_id, customer_id, module_name, actor, host(ip_address) AS ip, user_agent, event_data,
                occurred_at FROM audit_logs WHERE event_data->>'imported_from' = 'v0.8' ORDER BY id`,
      );
      expect(rows).toEqual([
        {
          event_type: 'license.issued',
          license_id: REAL_ID,
          customer_id: 'CUST-001',
          module_name: 'biz4a_payroll_drc',
          actor: expect.stringMatching(/^cli:/),
          // Older than AUDIT_IP_RETENTION_DAYS.
          ip: null,
          user_agent: 'curl/8',
          event_data: { imported_from: 'v0.8', source_id: 1, license_type: 'perpetual' },
          occurred_at: new Date('2026-02-03T19:12:10.500Z'),
        },
        expect.objectContaining({
          event_type: 'license.revoked',
          license_id: revoked,
          ip: '203.0.113.8',
          event_data: { imported_from: 'v0.8', source_id: 2 },
        }),
      ]);
    });

    it("adapts texts that the API's rules refuse, reports them, and keeps in the notes what would be lost", async () => {
      await v08.addCustomer('acme', {
        name: 'Cafe\u0301\tZoe\u0308',
        email: 'a@acme.example; b@acme.example',
        company: 'c'.repeat(201),
        phone: ' ',
        address: '1 Main Street\r\nSpringfield',
        notes: 'calls\u0007 on\nMonday',
      });
      await v08.addCustomer('ACME', { name: '\u200b', email: ' office@acme.example ' });
      const license = await v08.addLicense('acme', {
        status: 'REVOKED',
        revoked_at: '2026-03-01 08:30:00',
        revoked_reason: `not paid\n${'r'.repeat(500)}`,
        notes: '\u202enote',
        // Beyond what an answer can say; the token is right.
        expires_at: '10000-01-01 00:00:00',
      });
      const { exitCode, answer } = await run(...(await source()));
      expect(exitCode).toBe(0);
      const findings = (answer.findings as Finding[]).map(
        ({ table, id, code, message }) => `${table} ${id} ${code} ${message}`,
      );
      expect(findings.sort()).toEqual(
        [
          'customers ACME text_cleaned customer.name has control or invisible characters that the API refuses; they were removed.',
          'customers ACME text_cleaned customer.email has control or invisible characters that the API refuses; they were removed.',
          'customers ACME similar_id The customer acme exists too: its id differs from ACME only in upper and lower case.',
          'customers acme similar_id The customer ACME exists too: its id differs from acme only in upper and lower case.',
          'customers acme text_cleaned customer.name has control or invisible characters that the API refuses; they were removed.',
          'customers acme email_set_aside customer.email is not an e-mail address that the API accepts, and was left empty; the notes keep it.',
          'customers acme text_cut customer.company is too long, and was cut; the notes keep it.',
          'customers acme text_cleaned customer.phone has control or invisible characters that the API refuses; they were removed.',
          'customers acme text_cleaned customer.address has control or invisible characters that the API refuses; they were removed.',
          'customers acme text_cleaned customer.notes has control or invisible characters that the API refuses; they were removed.',
          `licenses ${license.id} text_cut revoked_reason is too long, and was cut; the notes keep it.`,
          `licenses ${license.id} text_cleaned notes has control or invisible characters that the API refuses; they were removed.`,
          `licenses ${license.id} differs_from_token The token differs, and is right: expires_at.`,
        ].sort(),
      );
      await withServer(async ({ url, adminKey }) => {
        const client = new Client(url, adminKey);
        for (const id of ['acme', 'ACME']) {
          const { body } = await client.get(`/api/v1/customers/${id}`);
          const { id: _, created_at, updated_at, ...fields } = body as Record<string, unknown>;
          const changed = await client.patch(`/api/v1/customers/${id}`, { ...fields, phone: '1' });
          expect(changed.status).toBe(200);
          expect(changed.body).toMatchObject(
            id === 'ACME'
              ? { name: 'ACME', email: 'office@acme.example' }
              : {
                  name: 'Café Zoë',
                  email: null,
                  company: 'c'.repeat(200),
                  address: '1 Main Street Springfield',
                  notes: [
                    'email as imported: a@acme.example; b@acme.example',
                    `company as imported: ${'c'.repeat(201)}`,
                    'calls  on\nMonday',
                  ].join('\n'),
                },
          );
          // Only what was changed differs: what the import took is what the API takes.
          const created = await client.post('/api/v1/customers', { ...fields, id: `${id}-2`, phone: null });
          expect(created.status).toBe(201);
        }
        const { body } = await client.get(`/api/v1/licenses/${license.id}`);
        expect(body).toMatchObject({
          revoked_reason: `not paid ${'r'.repeat(491)}`,
          notes: `revoked_reason as imported: not paid ${'r'.repeat(500)}\nnote`,
        });
      });
      expect(await run(...(await source()))).toMatchObject({
        exitCode: 0,
        answer: {
          findings: [expect.objectContaining({ code: 'differs_from_token' })],
          customers: { unchanged: 2 },
        },
      });
    });

    it('names each row that it cannot import, with the reason, and imports the others', async () => {
      await v08.addCustomer('acme', { name: 'x'.repeat(201) });
      await v08.addCustomer('a b');
      const good = await v08.addLicense('acme', { notes: 'n'.repeat(2001), module_name: 'payrol' });
      const forged = await v08.addLicense('acme');
      const other = generateKeyPairSync('ed25519').privateKey;
      const stranger = await V08Database.create(other, 'old');
      await v08.sql.query('UPDATE licenses SET token = $2 WHERE id = $1', [
        forged.id,
        stranger.token({ jti: forged.id }),
      ]);
      await stranger.close();
      const swapped = await v08.addLicense('acme', { token: v08.token({ jti: randomUUID() }) });
      const half = await v08.addLicense('acme', { revoked_at: '2026-03-01 00:00:00' });
      const named = await v08.addLicense('a b');
      await v08.insert('audit_logs', { event_type: 'logged_in', created_at: '2026-01-01 00:00:00' });
      const { exitCode, answer } = await run(...(await source()));
      expect(exitCode).toBe(1);
      const findings = answer.findings as Finding[];
      const codes = Object.fromEntries(
        findings.map(({ table, id, refused, code }) => [`${table} ${id ?? '?'} ${code}`, refused]),
      );
      expect(codes).toEqual({
        'customers acme text_cut': false,
        'customers ? invalid_field': true,
        [`licenses ${good.id} text_cut`]: false,
        [`licenses ${good.id} differs_from_token`]: false,
        [`licenses ${forged.id} signature_invalid`]: true,
        [`licenses ${swapped.id} license_mismatch`]: true,
        [`licenses ${half.id} invalid_field`]: true,
        [`licenses ${named.id} invalid_claims`]: true,
        'audit_logs 1 unknown_event': true,
      });
      expect(JSON.stringify(findings)).not.toMatch(/eyJ|example\.com|xxxx/);
      expect(Object.keys(await licenses())).toEqual([good.id]);
      expect(answer.licenses).toMatchObject({
        imported: 1,
        refused: 4,
        reconciliation: [{ license_type: 'perpetual', status: 'active', v08: 5, refused: 4, here: 1 }],
      });
    });
  });

  it('never weakens what is on record: only revocations follow', async () => {
    await v08.addCustomer('acme');
    const [first, second, third] = [
      await v08.addLicense('acme'),
      await v08.addLicense('acme'),
      await v08.addLicense('acme'),
    ];
    await run();
    await withServer(async ({ url, adminKey }) => {
      const admin = new Client(url, adminKey);
      await admin.delete(`/api/v1/licenses/${first.id}/revoke`, { reason: 'fraud' });
      await admin.post(`/api/v1/licenses/${second.id}/suspend`, { reason: 'unpaid' });
      await admin.patch('/api/v1/customers/acme', { is_active: false, name: 'Renamed' });
    });
    await v08.sql.query(`UPDATE licenses SET status = 'REVOKED', revoked_at = '2026-04-01' WHERE id = $1`, [
      third.id,
    ]);
    const { exitCode, answer } = await run();
    expect(exitCode).toBe(0);
    expect(answer.licenses).toMatchObject({ imported: 0, revoked: 1, unchanged: 2 });
    const here = await licenses();
    expect([first, second, third].map(({ id }) => here[id]!.status)).toEqual([
      'revoked',
      'suspended',
      'revoked',
    ]);
    const findings = (answer.findings as Finding[]).map(({ table, code, refused }) => ({
      table,
      code,
      refused,
    }));
    const differs = (table: string): object => ({ table, code: 'differs_from_record', refused: false });
    expect(findings).toEqual([differs('customers'), differs('licenses'), differs('licenses')]);
    const { rows } = await sql.query(`SELECT name, is_active FROM customers`);
    expect(rows).toEqual([{ name: 'Renamed', is_active: false }]);
  });

  it('writes nothing in a dry run', async () => {
    await fill();
    const { exitCode, answer } = await run('--dry-run');
    expect({ exitCode, answer }).toMatchObject({
      exitCode: 0,
      answer: { licenses: { imported: 6 }, audit_logs: { imported: 2 }, dry_run: true },
    });
    expect(await counted()).toEqual({ licenses: 0, customers: 0, records: 0 });
    expect(await ends()).toEqual([]);
  });

  it('imports the files of a folder, row by row, and reports lines that are not rows', async () => {
    await fill();
    const csv = mkdtempSync(join(folder, 'csv-'));
    await v08.copyTo(csv);
    const [head = '', ...lines] = readFileSync(join(csv, 'licenses.csv'), 'utf8').split('\n');
    const mine = mkdtempSync(join(folder, 'csv-'));
    writeFileSync(join(mine, 'licenses.csv'), `\uFEFF${[head, 'too,few', ...lines].join('\r\n')}`);
    const { exitCode, answer } = await run('--from', mine);
    expect(exitCode).toBe(1);
    expect(answer).toMatchObject({
      customers: null,
      licenses: { imported: 6, refused: 1 },
      audit_logs: null,
      api_keys: null,
      findings: [{ table: 'licenses', line: 2, id: null, refused: true, code: 'malformed_line' }],
    });

    writeFileSync(
      join(mine, 'licenses.csv'),
      Buffer.concat([Buffer.from(`${head}\n`), Buffer.from([0xff, 0x0a])]),
    );
    expect(await aegis.run('import', 'v0.8', '--from', mine)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('UTF-8'),
    });
    unlinkSync(join(mine, 'licenses.csv'));
    expect((await aegis.run('import', 'v0.8', '--from', mine)).exitCode).toBe(2);
  });

  it.each([
    ['semicolons', ';'],
    ['tabs', '\\t'],
  ])('imports a folder whose cells are separated by %s', async (_, delimiter) => {
    await fill();
    const csv = mkdtempSync(join(folder, 'csv-'));
    await v08.copyTo(csv, delimiter);
    const { answer } = await run('--from', csv);
    expect(answer).toMatchObject({ licenses: { imported: 6 }, audit_logs: { imported: 2 } });
  });

  it('accepts no password as an argument, and shows none', async () => {
    const { password } = new URL(v08.url);
    const refused = await aegis.run('import', 'v0.8', '--from', v08.url);
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('V08_DATABASE_URL') });
    expect(refused.stdout + refused.stderr).not.toContain(password);

    const file = join(folder, 'v08-url');
    writeFileSync(file, v08.url, { mode: 0o600 });
    const fromFile = aegis.with({ V08_DATABASE_URL: undefined, V08_DATABASE_URL_FILE: file });
    expect((await fromFile.run('import', 'v0.8')).exitCode).toBe(0);
    expect((await aegis.with({ V08_DATABASE_URL: undefined }).run('import', 'v0.8')).exitCode).toBe(2);

    const wrong = await aegis
      .with({ V08_DATABASE_URL: v08.url.replace(password, 'wrong-password') })
      .run('import', 'v0.8');
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).not.toContain('wrong-password');
    // This server's own database has tables of the same names.
    const own = await aegis.with({ V08_DATABASE_URL: database.applicationUrl }).run('import', 'v0.8');
    expect(own).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('not a table of v0.8') });
  });

  it('reads one snapshot: a change that v0.8 makes meanwhile is either completely in it or not at all', async () => {
    await v08.addCustomer('acme');
    await v08.addLicense('acme');
    await v08.sql.query('BEGIN');
    await v08.sql.query(
      `INSERT INTO customers SELECT 'late', name, email, company, phone, address, is_active, notes, created_at, updated_at FROM customers`,
    );
    const { answer } = await run();
    await v08.sql.query('COMMIT');
    expect(answer).toMatchObject({ customers: { created: 1 }, licenses: { imported: 1 } });
  });

  it('shows people the same facts as text', async () => {
    await fill();
    const { exitCode, stdout } = await aegis.run('import', 'v0.8');
    expect(exitCode).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'customers: 2 created, 0 unchanged, 0 refused; v0.8 has 1 active and 1 inactive, here are 1 and 1',
      'licenses: 6 imported, 0 revoked, 0 unchanged, 0 refused',
      '  1 perpetual ones have an end that is not in their token: the token is right',
      '  type          status               v0.8  refused     here',
      '  perpetual     active                  2        0        2',
      '  perpetual     suspended               1        0        1',
      '  perpetual     revoked                 1        0        1',
      '  subscription  active                  1        0        1',
      '  demo          expired                 1        0        1',
      'audit records: 2 imported, 0 unchanged, 0 refused',
      "API keys: 1, of which 1 in use; their hashes can't be taken over, so each needs a new key:",
      '  1  licenses:issue,customers:read  shop',
      '',
    ]);
  });
});
