import { parse } from 'csv-parse/sync';
import { spawnSync } from 'node:child_process';
import type { Client as SqlClient } from 'pg';
import { Client } from '../support/client';
import { expectStatus } from '../support/expect-status';
import { aCustomer, aLicense } from '../support/factories';
import { testServer, type TestServer } from '../support/server';
import { superuserOf } from '../support/sql';

/** Texts that break a reader or a writer: quotes, separators, line breaks of every kind, controls, formulas. */
const TEXTS = [
  'line\nfeed',
  'carriage\rreturn',
  'both\r\nof them',
  '\nfirst and last\n',
  '"quoted"',
  '""',
  'comma, semicolon; tab\t pipe|',
  '=1+1',
  '+cmd|calc!A0',
  '-2+3',
  '@SUM(A1)',
  "'apostrophe",
  ' blanks around ',
  '\u0085\u2028\u2029',
  'bell\u0007 escape\u001b[31m',
  'Zoë 🦊 שלום',
  '\\n \\" \\',
];

const PYTHON = `
import csv, io, json, sys
rows = list(csv.reader(io.StringIO(sys.stdin.buffer.read().decode("utf-8"), newline=""), strict=True))
print(json.dumps(rows))`;

/** Rows of a CSV as Python's csv module reads it; where there is no Python, another library's. */
function readCsv(text: string): string[][] {
  const python = spawnSync('python3', ['-c', PYTHON], { input: text, encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (python.error !== undefined) return parse(text);
  expect(python.stderr).toBe('');
  return JSON.parse(python.stdout) as string[][];
}

/** The cell that a value of a JSON answer becomes. */
function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

describe('what is written for others is read back as it was', () => {
  let server: TestServer;
  let admin: Client;
  let sql: SqlClient;

  beforeAll(async () => {
    server = await testServer();
    admin = new Client(server.url, server.adminKey);
    sql = await superuserOf(server);
    // Straight into the tables: imports and older rows hold what the API would refuse today.
    for (const text of TEXTS) {
      const customer = await aCustomer(admin);
      const license = await aLicense(admin, { customer_id: customer.id });
      expectStatus(await admin.post(`/api/v1/licenses/${license.id}/revoke`, { reason: 'x' }), 200);
      const made = await admin.post('/api/v1/admin/api-keys', { name: 'a key', scopes: ['stats:read'] });
      await sql.query(
        'UPDATE customers SET name = $2, company = $2, phone = $2, address = $2, notes = $2 WHERE id = $1',
        [customer.id, text],
      );
      await sql.query('UPDATE licenses SET notes = $2, revoked_reason = $2 WHERE id = $1', [
        license.id,
        text,
      ]);
      await sql.query('UPDATE api_keys SET name = $2, description = $2 WHERE id = $1', [made.body.id, text]);
    }
  });
  afterAll(async () => {
    await sql.end();
    await server.close();
  });

  const LISTS = [
    ['/api/v1/customers', 'customers', 'name'],
    ['/api/v1/licenses', 'licenses', 'notes'],
    ['/api/v1/admin/api-keys', 'api_keys', 'description'],
    ['/api/v1/admin/audit-logs', 'audit_logs', undefined],
  ] as const;

  async function rowsOf(path: string, name: string): Promise<Record<string, unknown>[]> {
    const { body } = await admin.get(`${path}?page_size=100`);
    return body[name] as Record<string, unknown>[];
  }

  it.each(LISTS)('%s as CSV with formulas=raw, by an independent reader', async (path, name, column) => {
    const rows = await rowsOf(path, name);
    const answer = await admin.get(`${path}?formulas=raw`, { Accept: 'text/csv' });
    expectStatus(answer, 200);
    const [columns = [], ...records] = readCsv(answer.body as string);
    // The trail goes on; its first page is the newest.
    expect(records.slice(0, rows.length)).toEqual(rows.map((row) => columns.map((one) => cellOf(row[one]))));
    const index = columns.indexOf(column ?? '');
    if (column !== undefined)
      expect(records.map((record) => record[index])).toEqual(expect.arrayContaining(TEXTS));
  });

  it.each(LISTS)('%s as NDJSON', async (path, name) => {
    const rows = await rowsOf(path, name);
    const answer = await admin.get(path, { Accept: 'application/x-ndjson' });
    const lines = (answer.body as string).split('\n').slice(0, -1);
    expect(lines.slice(0, rows.length).map((line) => JSON.parse(line) as unknown)).toEqual(rows);
  });

  it('CSV for spreadsheets differs in cells alone that they would run', async () => {
    const [, ...raw] = readCsv(
      (await admin.get('/api/v1/customers?formulas=raw', { Accept: 'text/csv' })).body as string,
    );
    const [, ...escaped] = readCsv(
      (await admin.get('/api/v1/customers', { Accept: 'text/csv' })).body as string,
    );
    const differing = raw.flatMap((record, row) =>
      record.flatMap((text, column) => {
        const other = escaped[row]?.[column];
        if (text !== other) expect(other).toBe(`'${text}`);
        return text === other ? [] : [text];
      }),
    );
    expect([...new Set(differing)].sort()).toEqual(['+cmd|calc!A0', '-2+3', '=1+1', '@SUM(A1)']);
  });

  it('refuses another value of formulas', async () => {
    expectStatus(await admin.get('/api/v1/customers?formulas=none', { Accept: 'text/csv' }), 422);
  });
});
