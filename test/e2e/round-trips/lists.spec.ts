import { isDeepStrictEqual } from 'node:util';
import type { Client as SqlClient } from 'pg';
import { AWKWARD_TEXTS } from '../../support/requests/awkward-texts';
import { type Answer, Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { aCustomer, aLicense } from '../../support/factories';
import { readCsv, readJsonLines } from '../../support/trail/independent-reader';
import { testServer, type TestServer } from '../../support/processes/server';
import { superuserOf } from '../../support/database/sql';

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
    for (const text of AWKWARD_TEXTS) {
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
    for (const text of AWKWARD_TEXTS)
      await sql.query(
        `INSERT INTO audit_logs (event_type, actor, customer_id, module_name, api_key_id, user_agent, request_id, event_data)
         VALUES ('license.validated', 'cli:' || $1, $1, $1, $1, $1, $1, jsonb_build_object('text', $1::text, $1::text, '{}'::text[]))`,
        [text],
      );
  });
  afterAll(async () => {
    await sql.end();
    await server.close();
  });

  const LISTS = [
    ['/api/v1/customers', 'customers', 'name'],
    ['/api/v1/licenses', 'licenses', 'notes'],
    ['/api/v1/admin/api-keys', 'api_keys', 'description'],
    ['/api/v1/admin/audit-logs', 'audit_logs', 'user_agent'],
  ] as const;

  async function rowsOf(path: string, name: string): Promise<Record<string, unknown>[]> {
    const { body } = await admin.get(`${path}?page_size=100`);
    return body[name] as Record<string, unknown>[];
  }

  /** A list in both forms, of the same state: a job writes the uses of the key that asks. */
  async function bothForms(
    path: string,
    name: string,
    read: () => Promise<Answer>,
  ): Promise<{ rows: Record<string, unknown>[]; answer: Answer }> {
    for (;;) {
      const rows = await rowsOf(path, name);
      const answer = await read();
      if (isDeepStrictEqual(await rowsOf(path, name), rows)) return { rows, answer };
    }
  }

  it.each(LISTS)('%s as CSV with formulas=raw, by an independent reader', async (path, name, column) => {
    const { rows, answer } = await bothForms(path, name, () =>
      admin.get(`${path}?formulas=raw`, { Accept: 'text/csv' }),
    );
    expectStatus(answer, 200);
    const [columns = [], ...records] = readCsv(answer.body as string);
    // The trail continues; its first page is the newest.
    expect(records.slice(0, rows.length)).toEqual(rows.map((row) => columns.map((one) => cellOf(row[one]))));
    const index = columns.indexOf(column);
    expect(records.map((record) => record[index])).toEqual(expect.arrayContaining(AWKWARD_TEXTS));
  });

  it('the trail as CSV, each text column of it', async () => {
    const answer = await admin.get('/api/v1/admin/audit-logs?formulas=raw', { Accept: 'text/csv' });
    const [columns = [], ...records] = readCsv(answer.body as string);
    const values = (column: string): (string | undefined)[] =>
      records
        .filter((record) => record[columns.indexOf('actor')]?.startsWith('cli:'))
        .map((record) => record[columns.indexOf(column)])
        .toReversed();
    expect(values('actor')).toEqual(AWKWARD_TEXTS.map((text) => `cli:${text}`));
    for (const column of ['customer_id', 'module_name', 'api_key_id', 'user_agent', 'request_id'])
      expect(values(column)).toEqual(AWKWARD_TEXTS);
    expect(values('event_data').map((cell) => JSON.parse(cell ?? '') as unknown)).toEqual(
      AWKWARD_TEXTS.map((text) => ({ text, [text]: [] })),
    );
  });

  it.each(LISTS)('%s as NDJSON', async (path, name) => {
    const { rows, answer } = await bothForms(path, name, () =>
      admin.get(path, { Accept: 'application/x-ndjson' }),
    );
    expect(readJsonLines(answer.body as string).slice(0, rows.length)).toEqual(rows);
  });

  it('CSV for spreadsheets differs only in cells that they would run', async () => {
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
