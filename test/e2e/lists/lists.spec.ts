import type { Client as SqlClient } from 'pg';
import { type Answer, Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { aCustomer, aCustomerId, aLicense, type IssuedLicense } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { superuserOf } from '../../support/database/sql';

type Row = Record<string, unknown> & { id: string };

describe('a list', () => {
  let server: TestServer;
  let client: Client;
  let sql: SqlClient;
  let licenses: IssuedLicense[];
  let [alpha, beta]: string[] = [];

  beforeAll(async () => {
    server = await testServer();
    client = new Client(server.url, server.adminKey);
    sql = await superuserOf(server);
    alpha = (await aCustomer(client, { id: 'Alpha_1', name: 'Éclair & Fils', email: 'INFO@alpha.example' }))
      .id;
    beta = (await aCustomer(client, { id: 'beta_2', name: '100% Beta', company: 'Ägidius' })).id;
    await aCustomer(client, { id: 'gamma-3', name: 'Straße', company: 'alphabet', is_active: false });
    const gone = await aCustomer(client, { id: 'alpha-gone', name: 'Éclipse' });
    expectStatus(await client.delete(`/api/v1/customers/${gone.id}`), 204);
    licenses = [];
    for (const [index, details] of [
      { customer_id: alpha, license_type: 'perpetual' },
      { customer_id: alpha, license_type: 'subscription', duration_days: 100 },
      { customer_id: alpha, license_type: 'demo', duration_days: 10, module_name: 'CRM.base' },
      { customer_id: beta, license_type: 'demo', duration_days: 20, module_name: 'crm_plus' },
      { customer_id: beta, license_type: 'subscription', duration_days: 50 },
      { customer_id: beta, license_type: 'perpetual', module_name: 'crm' },
      { customer_id: beta, license_type: 'subscription', duration_days: 30 },
    ].entries()) {
      const license = await aLicense(client, details);
      // Two share a time, so that the order must not hang on it alone.
      await sql.query(
        `UPDATE licenses SET created_at = '2026-01-01T00:00:00Z'::timestamptz + $2 * interval '1 day' WHERE id = $1`,
        [license.id, Math.floor(index / 2)],
      );
      licenses.push(license);
    }
    await sql.query(
      `UPDATE licenses SET expires_at = date_trunc('second', now()) - interval '1 day' WHERE id = $1`,
      [licenses[2]!.id],
    );
    await client.post(`/api/v1/licenses/${licenses[4]!.id}/revoke`, { reason: 'refunded' });
    await sql.query(`UPDATE licenses SET status = 'suspended', suspended_at = now() WHERE id = $1`, [
      licenses[3]!.id,
    ]);
  });
  afterAll(async () => {
    await sql.end();
    await server.close();
  });

  async function list(
    name: 'licenses' | 'customers' | 'admin/audit-logs',
    query = '',
  ): Promise<Answer['body']> {
    const answer = await client.get(`/api/v1/${name}?${query}`);
    expectStatus(answer, 200);
    return answer.body;
  }

  /** Which of the seven licenses a query finds, in the order of the answer. */
  async function found(query: string): Promise<number[]> {
    const { licenses: rows, total } = await list('licenses', query);
    expect(total).toBe(rows.length);
    return (rows as Row[]).map(({ id }) => licenses.findIndex((license) => license.id === id));
  }

  async function customers(query: string): Promise<string[]> {
    return ((await list('customers', query)).customers as Row[]).map(({ id }) => id).sort();
  }

  /** Follows the cursors to the end. */
  async function walk(name: 'licenses' | 'customers' | 'admin/audit-logs', query: string): Promise<string[]> {
    const key = name.replace('admin/', '').replace('-', '_');
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Answer['body'] = await list(name, cursor === null ? query : `${query}&cursor=${cursor}`);
      ids.push(...(page[key] as Row[]).map(({ id }) => id));
      if (cursor !== null) expect(page.page).toBeNull();
      cursor = page.next_cursor as string | null;
    } while (cursor !== null);
    return ids;
  }

  it('has pages that say their position', async () => {
    expect(await list('licenses', 'page_size=3')).toEqual({
      licenses: [expect.any(Object), expect.any(Object), expect.any(Object)],
      total: 7,
      page: 1,
      page_size: 3,
      total_pages: 3,
      next_cursor: expect.any(String),
    });
    const ids = await Promise.all(
      [1, 2, 3].map(async (page) => {
        const answer = await list('licenses', `page_size=3&page=${page}`);
        expect([answer.page, answer.total_pages, answer.next_cursor === null]).toEqual([page, 3, page === 3]);
        return (answer.licenses as Row[]).map(({ id }) => id);
      }),
    );
    expect(ids.map((page) => page.length)).toEqual([3, 3, 1]);
    expect(ids.flat()).toEqual(((await list('licenses')).licenses as Row[]).map(({ id }) => id));
    expect(await list('licenses', 'page=9')).toMatchObject({
      licenses: [],
      total: 7,
      total_pages: 1,
      page: 9,
      next_cursor: null,
    });
    expect(await list('licenses', 'q=nothing')).toEqual({
      licenses: [],
      total: 0,
      page: 1,
      page_size: 50,
      total_pages: 0,
      next_cursor: null,
    });
    expect(await list('licenses', 'page_size=7')).toMatchObject({ total_pages: 1, next_cursor: null });
  });

  it('shows no tokens', async () => {
    const text = JSON.stringify(await list('licenses'));
    expect(text).not.toContain('"token"');
    expect(text).not.toMatch(/eyJ/);
  });

  it.each([
    ['customer_id=Alpha_1', [0, 1, 2]],
    ['customer_id=alpha_1', []],
    ['module_name=payroll', [0, 1, 4, 6]],
    ['module_name=crm', [5]],
    ['license_type=perpetual', [0, 5]],
    ['license_type=demo', [2, 3]],
    ['status=active', [0, 1, 5, 6]],
    ['status=expired', [2]],
    ['status=suspended', [3]],
    ['status=revoked', [4]],
    ['q=alpha', [0, 1, 2]],
    ['q=ALPHA_', [0, 1, 2]],
    ['q=alphax1', []],
    ['q=CRM', [2, 3, 5]],
    ['q=crm_', [3]],
    ['q=rm', []],
    ['q=base', []],
    ['q=BET', [3, 4, 5, 6]],
    ['q=%25', []],
    ['q=_', []],
    ['customer_id=beta_2&license_type=subscription', [4, 6]],
    ['customer_id=beta_2&license_type=subscription&status=active', [6]],
    ['key_id=other', []],
  ])('of licenses finds by %s', async (query, expected) => {
    expect((await found(query)).sort()).toEqual(expected);
  });

  it('of licenses finds them by id, key and end', async () => {
    const { id } = licenses[4]!;
    for (const q of [id, id.slice(0, 13), id.toUpperCase()]) expect(await found(`q=${q}`)).toEqual([4]);
    const { key_id } = (await client.get('/info')).body;
    expect(await found(`key_id=${key_id}`)).toHaveLength(7);
    const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();
    expect((await found(`expires_before=${inDays(25)}`)).sort()).toEqual([2, 3]);
    expect((await found(`expires_after=${inDays(25)}`)).sort()).toEqual([1, 4, 6]);
    expect((await found(`expires_after=${inDays(15)}&expires_before=${inDays(40)}`)).sort()).toEqual([3, 6]);
    const exactly = licenses[6]!.expires_at!;
    expect(await found(`expires_after=${exactly}&expires_before=${exactly}`)).toEqual([]);
    expect((await found(`expires_before=${exactly}`)).sort()).toEqual([2, 3]);
    expect((await found(`expires_after=${exactly}`)).sort()).toEqual([1, 4]);
    const offset = encodeURIComponent(exactly.replace('Z', '+00:00'));
    expect((await found(`expires_before=${offset}`)).sort()).toEqual([2, 3]);
  });

  it("of licenses distinguishes active from expired by the database's clock", async () => {
    await sql.query(`UPDATE licenses SET expires_at = now() + interval '1 hour' WHERE id = $1`, [
      licenses[2]!.id,
    ]);
    expect(await found('status=expired')).toEqual([]);
    expect((await found('status=active')).sort()).toEqual([0, 1, 2, 5, 6]);
    await sql.query(`UPDATE licenses SET expires_at = now() WHERE id = $1`, [licenses[2]!.id]);
    expect(await found('status=expired')).toEqual([2]);
  });

  it('of licenses is sorted as asked, newest first unless asked, perpetual ones ending last', async () => {
    const byId = (a: number, b: number): number => (licenses[a]!.id < licenses[b]!.id ? -1 : 1);
    const oldestFirst = [[0, 1], [2, 3], [4, 5], [6]].flatMap((sameTime) => sameTime.sort(byId));
    expect(await found('sort=created_at')).toEqual(oldestFirst);
    expect(await found('sort=-created_at')).toEqual(oldestFirst.toReversed());
    expect(await found('')).toEqual(oldestFirst.toReversed());
    const soonestFirst = [2, 3, 6, 4, 1, ...[0, 5].sort(byId)];
    expect(await found('sort=expires_at')).toEqual(soonestFirst);
    expect(await found('sort=-expires_at')).toEqual(soonestFirst.toReversed());
  });

  it.each(['created_at', '-created_at', 'expires_at', '-expires_at'])(
    'of licenses walks by cursor in the order of %s, each row once',
    async (sort) => {
      const whole = ((await list('licenses', `sort=${sort}`)).licenses as Row[]).map(({ id }) => id);
      for (const size of [1, 2, 3, 6, 7])
        expect(await walk('licenses', `sort=${sort}&page_size=${size}`)).toEqual(whole);
      const filtered = ((await list('licenses', `sort=${sort}&q=beta`)).licenses as Row[]).map(
        ({ id }) => id,
      );
      expect(filtered).toHaveLength(4);
      expect(await walk('licenses', `sort=${sort}&q=beta&page_size=1`)).toEqual(filtered);
    },
  );

  it('continues at its place, no matter what is added before it', async () => {
    const first = await list('licenses', 'page_size=3');
    const added = await aLicense(client, { customer_id: beta });
    const rest = await list('licenses', `page_size=100&cursor=${first.next_cursor}`);
    const ids = [...first.licenses, ...rest.licenses].map(({ id }: Row) => id);
    expect(ids).toHaveLength(7);
    expect(ids).not.toContain(added.id);
    await sql.query('DELETE FROM license_tokens WHERE license_id = $1', [added.id]);
    await sql.query('DELETE FROM licenses WHERE id = $1', [added.id]);
  });

  it('refuses a cursor with other filters, another order, a page, or of another list', async () => {
    const { next_cursor: cursor } = await list('licenses', 'page_size=2&license_type=subscription');
    const good = `cursor=${cursor}&license_type=subscription`;
    expectStatus(await client.get(`/api/v1/licenses?${good}`), 200);
    for (const path of [
      `licenses?cursor=${cursor}`,
      `licenses?cursor=${cursor}&license_type=demo`,
      `licenses?${good}&status=active`,
      `licenses?${good}&sort=created_at`,
      `licenses?${good}&sort=-expires_at`,
      `customers?cursor=${cursor}`,
      `admin/audit-logs?cursor=${cursor}`,
      `licenses?${good.replace(/cursor=./, 'cursor=_')}`,
    ]) {
      const answer = await client.get(`/api/v1/${path}`);
      expectStatus(answer, 422);
      expect(answer.body.errors).toEqual([{ field: 'cursor', message: expect.any(String) }]);
    }
    const both = await client.get(`/api/v1/licenses?${good}&page=2`);
    expectStatus(both, 422);
    expect(both.body.errors).toEqual([{ field: 'page', message: expect.any(String) }]);
    const deep = await client.get('/api/v1/licenses?page=10001&page_size=1');
    expectStatus(deep, 422);
    expect(deep.body.errors).toEqual([{ field: 'page', message: expect.stringContaining('cursor') }]);
    expectStatus(await client.get('/api/v1/licenses?page=10000&page_size=1'), 200);
  });

  it('of customers leaves out removed ones', async () => {
    expect(await customers('')).toEqual(['Alpha_1', 'beta_2', 'gamma-3']);
    expect(await customers('q=alpha-gone')).toEqual([]);
    expect(await customers('is_active=false')).toEqual(['gamma-3']);
    expect((await list('customers')).total).toBe(3);
  });

  it.each([
    ['is_active=true', ['Alpha_1', 'beta_2']],
    ['q=ALPHA', ['Alpha_1', 'gamma-3']],
    ['q=alpha_1', ['Alpha_1']],
    ['q=%C3%A9clair', ['Alpha_1']],
    ['q=%C3%89CL', ['Alpha_1']],
    ['q=ecl', ['Alpha_1']],
    ['q=fils', ['Alpha_1']],
    ['q=%26%20FIL', ['Alpha_1']],
    ['q=clair%20%26%20fils', []],
    ['q=eclair%20%26%20fi', ['Alpha_1']],
    ['q=fils%20eclair', []],
    ['q=EXAMPLE', ['Alpha_1']],
    ['q=agi', ['beta_2']],
    ['q=STRASSE', ['gamma-3']],
    ['q=3', ['gamma-3']],
    ['q=%CC%81', []],
    ['q=%C3%A4GI', ['beta_2']],
    ['q=info%40alpha', ['Alpha_1']],
    ['q=100%25', ['beta_2']],
    ['q=1_0', []],
    ['q=%25', []],
    ['q=%5C', []],
    ['q=STRA%C3%9FE', ['gamma-3']],
    ['q=eta', []],
    ['q=a&is_active=false', ['gamma-3']],
  ])('of customers finds by %s', async (query, expected) => {
    expect(await customers(query)).toEqual(expected);
  });

  it('of customers is newest first, and walks by cursor', async () => {
    await sql.query(`UPDATE customers SET created_at = '2026-01-01' WHERE id IN ('Alpha_1', 'beta_2')`);
    const ids = ((await list('customers')).customers as Row[]).map(({ id }) => id);
    expect(ids[0]).toBe('gamma-3');
    for (const size of [1, 2]) expect(await walk('customers', `page_size=${size}`)).toEqual(ids);
  });

  it('of audit records finds by each filter', async () => {
    const requestId = 'the-request-1';
    const id = aCustomerId();
    await client.post('/api/v1/customers', { id, name: 'x' }, { 'X-Request-ID': requestId });
    const license = await aLicense(client, { customer_id: id });
    const { rows: all } = await sql.query<Row & { recorded_at: Date }>(
      'SELECT * FROM audit_logs ORDER BY id DESC',
    );
    const whole = await list('admin/audit-logs', 'page_size=100');
    expect((whole.audit_logs as Row[]).map((record) => record.id)).toEqual(all.map((record) => record.id));
    expect(whole.total).toBe(all.length);

    const key = server.adminKey.split('_')[2]!;
    const middle = all[Math.floor(all.length / 2)]!.recorded_at;
    const expectations: [string, (record: Row & { recorded_at: Date }) => boolean][] = [
      ['event_type=license.issued', ({ event_type }) => event_type === 'license.issued'],
      [`license_id=${license.id}`, ({ license_id }) => license_id === license.id],
      [`license_id=${license.id.toUpperCase()}`, ({ license_id }) => license_id === license.id],
      [`customer_id=${id}`, ({ customer_id }) => customer_id === id],
      [`api_key_id=${key}`, ({ api_key_id }) => api_key_id === key],
      [`request_id=${requestId}`, ({ request_id }) => request_id === requestId],
      [`since=${middle.toISOString()}`, ({ recorded_at }) => recorded_at >= middle],
      [`until=${middle.toISOString()}`, ({ recorded_at }) => recorded_at < middle],
      [
        `customer_id=${id}&event_type=customer.created`,
        ({ customer_id, event_type }) => customer_id === id && event_type === 'customer.created',
      ],
    ];
    for (const [query, matches] of expectations) {
      const expected = all.filter(matches).map((record) => record.id);
      expect(expected.length).toBeGreaterThan(0);
      expect(expected.length).toBeLessThan(all.length);
      const { audit_logs, total } = await list('admin/audit-logs', `${query}&page_size=100`);
      expect([query, (audit_logs as Row[]).map((record) => record.id)]).toEqual([query, expected]);
      expect(total).toBe(expected.length);
      expect(await walk('admin/audit-logs', `${query}&page_size=3`)).toEqual(expected);
    }
    for (const query of ['event_type=license.renewed', 'api_key_id=nobody', 'since=2100-01-01T00:00:00Z'])
      expect((await list('admin/audit-logs', query)).audit_logs).toEqual([]);
  });
});
