import { decodeJwt } from 'jose';
import { Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { aCustomer, aLicense, type IssuedLicense, validation, verdictOf } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';

/** A JSON body with names that a literal can't have. */
const json = (text: string): object => JSON.parse(text) as object;

/** In the order in which they are answered. */
const GRANTED = {
  plan: 'Größe "XL" 🚀',
  max_users: 9_007_199_254_740_991,
  prototype: 0,
  constructor: true,
};
const GIVEN = Object.fromEntries(Object.entries(GRANTED).reverse());

describe('entitlements', () => {
  let server: TestServer;
  let admin: Client;
  let anyone: Client;

  beforeAll(async () => {
    server = await testServer();
    admin = new Client(server.url, server.adminKey);
    anyone = new Client(server.url);
  });
  afterAll(() => server.close());

  const granted = (entitlements: object): Promise<IssuedLicense> => aLicense(admin, { entitlements });

  async function reissued(license: { id: string }, body: object): Promise<IssuedLicense> {
    const answer = await admin.post(`/api/v1/licenses/${license.id}/reissue`, body);
    expectStatus(answer, 200);
    return answer.body as IssuedLicense;
  }

  async function shownOf(token: string): Promise<unknown> {
    const { body } = await validation(anyone, token);
    return body.entitlements;
  }

  it('are in the token, in every answer, and in the verdict', async () => {
    const license = await granted(GIVEN);
    expect(license).toMatchObject({ entitlements: GRANTED });
    expect(decodeJwt(license.token)).toMatchObject({ entitlements: GRANTED });

    const one = await admin.get(`/api/v1/licenses/${license.id}`);
    const list = await admin.get(`/api/v1/licenses?q=${license.id}`);
    const inspected = await admin.post('/api/v1/licenses/inspect', { token: license.token });
    const history = await admin.get(`/api/v1/licenses/${license.id}/history`);
    expect(one.body.entitlements).toEqual(GRANTED);
    // Byte for byte as it was issued: the database keeps an order of its own.
    for (const { entitlements } of [license as unknown as { entitlements: object }, one.body])
      expect(JSON.stringify(entitlements)).toBe(JSON.stringify(GRANTED));
    expect(list.body.licenses[0].entitlements).toEqual(GRANTED);
    expect(inspected.body.entitlements).toEqual(GRANTED);
    expect(history.body.audit_logs[0].event_data.entitlements).toEqual(GRANTED);

    expect(await shownOf(license.token)).toEqual(GRANTED);
    const batch = await admin.post('/api/v1/licenses/validate/batch', {
      items: [{ token: license.token, module_name: 'payroll', odoo_version: '17.0' }],
    });
    expect(batch.body.results[0].entitlements).toEqual(GRANTED);
  });

  it('are in the lists that are streamed', async () => {
    const license = await granted(GIVEN);
    const path = `/api/v1/licenses?q=${license.id}`;
    const lines = await admin.get(path, { Accept: 'application/x-ndjson' });
    expect((JSON.parse(lines.body as string) as { entitlements: object }).entitlements).toEqual(GRANTED);
    const table = await admin.get(path, { Accept: 'text/csv' });
    expect(table.body).toContain(`"${JSON.stringify(GRANTED).replaceAll('"', '""')}"`);
  });

  it('are empty where none are given, and then no token, record or claim names them', async () => {
    for (const license of [await aLicense(admin), await granted({})]) {
      expect(license).toMatchObject({ entitlements: {} });
      expect(decodeJwt(license.token)).not.toHaveProperty('entitlements');
      const history = await admin.get(`/api/v1/licenses/${license.id}/history`);
      expect(history.body.audit_logs[0].event_data).not.toHaveProperty('entitlements');
      expect(await shownOf(license.token)).toEqual({});
    }
  });

  it('are empty in a verdict on what is not proven ours', async () => {
    expect(await shownOf('not a token')).toEqual({});
  });

  it('are answered again to a request with the same idempotency key', async () => {
    const customer = await aCustomer(admin);
    const body = {
      customer_id: customer.id,
      module_name: 'payroll',
      allowed_major_versions: ['17'],
      license_type: 'perpetual',
      entitlements: GIVEN,
    };
    const headers = { 'Idempotency-Key': 'entitlements-once' };
    const first = await admin.post('/api/v1/licenses', body, headers);
    const again = await admin.post('/api/v1/licenses', body, headers);
    expectStatus(again, 201);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.body).toEqual(first.body);
    expect(again.body.entitlements).toEqual(GRANTED);
    const other = await admin.post('/api/v1/licenses', { ...body, entitlements: {} }, headers);
    expectStatus(other, 422);
  });

  describe('of a reissue', () => {
    it('stay where the request does not name them', async () => {
      const license = await granted({ a: 1 });
      const next = await reissued(license, { allowed_major_versions: ['17', '19'] });
      expect(next).toMatchObject({ entitlements: { a: 1 } });
      expect(await verdictOf(anyone, license.token)).toBe('VALID');
    });

    it('leave the older token valid where nothing is taken away; each token counts as it says', async () => {
      const license = await granted({ a: 1, b: false });
      const next = await reissued(license, { entitlements: { a: 2, c: true } });
      expect(await shownOf(license.token)).toEqual({ a: 1, b: false });
      expect(await shownOf(next.token)).toEqual({ a: 2, c: true });
      expect(await verdictOf(anyone, license.token)).toBe('VALID');
    });

    it.each([
      ['all are', {}],
      ['one is', { a: 1, b: true }],
      ['one is lowered', { a: 0, b: true, c: 'pro' }],
      ['one is switched off', { a: 1, b: false, c: 'pro' }],
      ['a text is replaced', { a: 1, b: true, c: 'basic' }],
    ])('withdraw the older tokens where %s taken away, also unasked', async (_what, entitlements) => {
      const license = await granted({ a: 1, b: true, c: 'pro' });
      const next = await reissued(license, { entitlements, supersede: false });
      expect(await verdictOf(anyone, license.token)).toBe('SUPERSEDED');
      expect(await verdictOf(anyone, next.token)).toBe('VALID');
      const history = await admin.get(`/api/v1/licenses/${license.id}/history`);
      const record = (history.body.audit_logs as { event_type: string; event_data: object }[]).find(
        ({ event_type }) => event_type === 'license.reissued',
      );
      expect(record?.event_data).toMatchObject({ fields: ['entitlements'], superseded: true });
    });

    it('stay when the license is renewed', async () => {
      const license = await aLicense(admin, {
        license_type: 'subscription',
        duration_days: 10,
        entitlements: { a: 1 },
      });
      const answer = await admin.post(`/api/v1/licenses/${license.id}/renew`, { duration_days: 10 });
      expect(answer.body.entitlements).toEqual({ a: 1 });
      expect(await shownOf(answer.body.token)).toEqual({ a: 1 });
    });
  });

  describe('at their limits', () => {
    const CODE = 'each code must be a letter of a-z and up to 49 of a-z 0-9 _ . -';
    const VALUE =
      /^a must be true, false, a whole number from 0 to 9007199254740991, or a text of at most 200/;
    const many = (count: number): string =>
      `{${Array.from({ length: count }, (_, index) => `"c${index}":1`).join()}}`;

    it.each<[string, string, string | RegExp]>([
      ['null', 'null', 'must be an object of codes and their values'],
      ['a list', '[]', 'must be an object of codes and their values'],
      ['a text', '"a"', 'must be an object of codes and their values'],
      ['__proto__', '{"__proto__":true}', CODE],
      ['__proto__ with its own members', '{"__proto__":{"admin":true}}', CODE],
      ['toString', '{"toString":1}', CODE],
      ['hasOwnProperty', '{"hasOwnProperty":1}', CODE],
      ['an upper-case code', '{"A":1}', CODE],
      ['a code of 51 characters', `{"a${'b'.repeat(50)}":1}`, CODE],
      ['an empty code', '{"":1}', CODE],
      ['null as a value', '{"a":null}', VALUE],
      ['an object as a value', '{"a":{}}', VALUE],
      ['a list as a value', '{"a":[1]}', VALUE],
      ['a fraction', '{"a":1.5}', VALUE],
      ['a number below 0', '{"a":-1}', VALUE],
      ['2^53', '{"a":9007199254740992}', VALUE],
      ['a text of 201 characters', `{"a":"${'x'.repeat(201)}"}`, VALUE],
      [
        'more than 2,048 bytes',
        `{${'abcdefghijk'
          .split('')
          .map((c) => `"${c}":"${'x'.repeat(190)}"`)
          .join()}}`,
        /2048 bytes/,
      ],
      ['101 codes', many(101), 'must contain no more than 100 fields'],
    ])('refuse %s, at issue and at reissue, with the field and the rule', async (_what, text, rule) => {
      const customer = await aCustomer(admin);
      const issue = `{"customer_id":"${customer.id}","module_name":"payroll","allowed_major_versions":["17"],"license_type":"perpetual","entitlements":${text}}`;
      const license = await aLicense(admin);
      for (const [path, body] of [
        ['/api/v1/licenses', issue],
        [`/api/v1/licenses/${license.id}/reissue`, `{"entitlements":${text}}`],
      ] as const) {
        const answer = await admin.send('POST', path, body);
        expectStatus(answer, 422);
        expect(answer.body.errors).toEqual([
          { field: 'entitlements', message: typeof rule === 'string' ? rule : expect.stringMatching(rule) },
        ]);
      }
    });

    it.each([
      ['100 codes', many(100)],
      ['a code of 50 characters', `{"a${'b'.repeat(49)}":false}`],
      ['a text of 200 characters', `{"a":"${'🚀'.repeat(200)}"}`],
      ['2^53 - 1', '{"a":9007199254740991}'],
    ])('accept %s', async (_what, text) => {
      const license = await granted(json(text));
      expect(await shownOf(license.token)).toEqual(json(text));
    });

    it('keep to the bound of a whole token', async () => {
      const customer = await aCustomer(admin, { name: '株'.repeat(200) });
      const versions = Array.from({ length: 50 }, (_, index) => String(1_000_000_000 + index));
      const wide = Object.fromEntries(Array.from('abcdefghi', (code) => [code, 'x'.repeat(200)]));
      const license = await aLicense(admin, {
        customer_id: customer.id,
        allowed_major_versions: versions,
        entitlements: wide,
      });
      expect(license.token.length).toBeLessThanOrEqual(8_192);
    });
  });

  it('are bounded by the database too', async () => {
    const license = await granted({ a: 1 });
    const owner = await server.database.dataSource([]);
    for (const broken of [
      '[]',
      'null',
      '{"A":1}',
      '{"a":null}',
      '{"a":{}}',
      '{"a":[]}',
      '{"a":-1}',
      '{"a":1.5}',
      '{"a":9007199254740992}',
      many(101),
      JSON.stringify(
        Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`t${index}`, 'x'.repeat(200)])),
      ),
    ])
      await expect(
        owner.query(`UPDATE licenses SET entitlements = $2 WHERE id = $1`, [license.id, broken]),
      ).rejects.toThrow(/licenses_entitlements/);
    function many(count: number): string {
      return JSON.stringify(
        Object.fromEntries(Array.from({ length: count }, (_, index) => [`c${index}`, 1])),
      );
    }
  });
});
