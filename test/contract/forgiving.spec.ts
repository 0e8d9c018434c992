import { makeKey } from '../../libs/api-keys/src/api-key-format';
import { type Answer, Client } from '../support/requests/client';
import { expectStatus } from '../support/contract/expect-status';
import { aCustomer, aLicense, type IssuedLicense } from '../support/factories';
import { type Ids, pathOf, someIds } from '../support/contract/example-requests';
import { ROUTE_ACCESS } from '../support/contract/route-access';
import { testServer, type TestServer } from '../support/processes/server';
import { giveKeySet } from '../support/keys/signing-keys';

/** Routes of the contract that callers without a key may read: monitors, proxies and installations do. */
const PUBLIC_READS = ROUTE_ACCESS.filter(
  ([name, access]) => name.startsWith('GET ') && ['public', 'health'].includes(access),
);
const STRICT_READS = ROUTE_ACCESS.filter(
  ([name, access]) => name.startsWith('GET ') && !['public', 'health'].includes(access),
);
/** Served in addition to the contract's routes, for browsers. */
const PAGE_PARTS = ['/docs/start.js', '/docs/swagger-ui.css', '/docs/swagger-ui-bundle.js'];

const QUERIES = [
  '?_=1764300000',
  '?nocache',
  '?cb=1&cb=2',
  '?a[b]=c',
  '?__proto__=1',
  '?q=%ff',
  '?x=%00',
  '?token=%zz',
  `?${'x'.repeat(200)}=1`,
  '?&&=&',
];
/** What Python's requests adds from `.netrc`, and what proxies add. */
const FOREIGN_CREDENTIALS = [
  'Basic dXNlcjpwYXNzd29yZA==',
  'Negotiate YIIJvwYGKwYBBQUCoIIJszCCCa8=',
  'Digest username="monitor", realm="x", nonce="y", uri="/", response="z"',
  'NTLM TlRMTVNTUAABAAAA',
  'AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=c',
  'Token abc',
];
const ACCEPTS = ['text/plain', 'image/png', 'application/xml', 'application/json;q=0', '*/*;q=0', 'nonsense'];

/** The body without what differs between two requests at two moments. */
function lasting({ body }: Answer): unknown {
  if (typeof body !== 'object' || body === null) return body;
  const { checked_at: _, ...rest } = body as Record<string, unknown>;
  return rest;
}

describe('callers that cannot be changed', () => {
  let server: TestServer;
  let ids: Ids;
  let anyone: Client;
  let license: IssuedLicense;

  beforeAll(async () => {
    server = await testServer();
    await giveKeySet(server);
    const admin = new Client(server.url, server.adminKey);
    ids = await someIds(admin);
    license = await aLicense(admin, { customer_id: (await aCustomer(admin)).id });
    anyone = new Client(server.url);
  });
  afterAll(() => server.close());

  const pathOfRoute = (name: string): string => pathOf({ path: name.replace(/^GET /, '') }, ids);

  describe.each(PUBLIC_READS)('%s (%s)', (name) => {
    let plain: Answer;
    beforeAll(async () => {
      plain = await anyone.get(pathOfRoute(name));
      expectStatus(plain, 200);
    });

    async function expectTheSame(answer: Answer): Promise<void> {
      expectStatus(answer, 200);
      expect(answer.headers.get('content-type')).toBe(plain.headers.get('content-type'));
      expect(lasting(answer)).toEqual(lasting(plain));
      return Promise.resolve();
    }

    it.each(QUERIES)('answers the same with the query %p', async (query) => {
      await expectTheSame(await anyone.get(pathOfRoute(name) + query));
    });

    it.each(FOREIGN_CREDENTIALS)('answers the same with Authorization: %s', async (Authorization) => {
      await expectTheSame(await anyone.get(pathOfRoute(name), { Authorization }));
      await expectTheSame(
        await anyone.get(pathOfRoute(name), { Authorization, 'X-API-Key': server.adminKey }),
      );
    });

    it.each(ACCEPTS)('answers the same with Accept: %s', async (Accept) => {
      await expectTheSame(await anyone.get(pathOfRoute(name), { Accept }));
    });
  });

  it.each(PAGE_PARTS)('%s, which is not in the contract, forgives alike', async (path) => {
    for (const [query, headers] of [
      ...QUERIES.map((one) => [one, {}]),
      ...FOREIGN_CREDENTIALS.map((Authorization) => ['', { Authorization }]),
      ...ACCEPTS.map((Accept) => ['', { Accept }]),
    ] as [string, Record<string, string>][])
      expect([query, headers, (await fetch(server.url + path + query, { headers })).status]).toEqual([
        query,
        headers,
        200,
      ]);
  });

  describe.each(STRICT_READS)('%s (%s)', (name) => {
    it('stays strict: 422 for an unknown parameter, 406 for an Accept that it cannot serve', async () => {
      const admin = new Client(server.url, server.adminKey);
      expectStatus(await admin.get(`${pathOfRoute(name)}?_=1764300000`), 422);
      expectStatus(await admin.get(pathOfRoute(name), { Accept: 'image/png' }), 406);
    });

    it.each(FOREIGN_CREDENTIALS)('finds no credential in Authorization: %s', async (Authorization) => {
      const path = pathOfRoute(name);
      const answer = await anyone.get(path, { Authorization });
      expectStatus(answer, 401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="aegis"');
      const withKey = await anyone.get(path, { Authorization, 'X-API-Key': server.adminKey });
      // A key has no session.
      expectStatus(withKey, path.endsWith('/sessions/current') ? 404 : 200);
    });
  });

  it.each([
    ['in quotes', (key: string) => ({ 'X-API-Key': `"${key}"` }), /not an API key/],
    [
      'with a blank within',
      (key: string) => ({ 'X-API-Key': key.replace(/.{20}/, '$& ') }),
      /not an API key/,
    ],
    ['cut short', (key: string) => ({ 'X-API-Key': key.slice(0, -1) }), /not an API key/],
    ['without a scheme', (key: string) => ({ Authorization: key }), /not an API key/],
    [
      'of another environment',
      () => ({ Authorization: `Bearer ${makeKey('production').key}` }),
      /belongs to another environment/,
    ],
    ['that is unknown', () => ({ 'X-API-Key': makeKey('test').key }), /^The API key was refused\.$/],
    ['that is missing', () => ({}), /^This route needs an API key/],
  ] as [string, (key: string) => Record<string, string>, RegExp][])(
    'are distinguished: a key %s',
    async (_, headers, detail) => {
      const answer = await anyone.get('/api/v1/me', headers(server.adminKey));
      expectStatus(answer, 401);
      expect(answer.body.detail).toMatch(detail);
    },
  );

  describe('POST /api/v1/licenses/validate', () => {
    const PATH = '/api/v1/licenses/validate';
    const question = (different: Record<string, unknown> = {}): Record<string, unknown> => ({
      token: license.token,
      module_name: license.module_name,
      odoo_version: '17.0',
      ...different,
    });
    const expectValid = (answer: Answer): void => {
      expectStatus(answer, 200);
      expect(answer.body).toMatchObject({ valid: true, code: 'VALID' });
    };

    it.each([
      ['empty optional fields', { instance_db_uuid: '', instance_domain: '', version: '' }],
      ['optional fields that are null', { instance_db_uuid: null, instance_domain: null, version: null }],
      [
        'fields that it does not know',
        { hostname: 'erp', client: { name: 'x', tags: [1, [2]] }, database: null },
      ],
      ['the version under its other name', { odoo_version: undefined, version: '17.0' }],
      ['the version under its other name, empty under the first', { odoo_version: '', version: '17.0' }],
      ['the version under both names', { version: '17.0' }],
    ])('takes %s', async (_, different) => {
      expectValid(await anyone.post(PATH, question(different)));
    });

    it.each([
      ['both names of the version with different values', { version: '18.0' }, 'version'],
      ['another name of the version that is not text', { version: 17 }, 'version'],
      ['neither name of the version', { odoo_version: undefined }, 'odoo_version'],
      ['empty names of the version', { odoo_version: '', version: '' }, 'odoo_version'],
      ['an empty required field', { module_name: '' }, 'module_name'],
    ])('answers 422 to %s', async (_, different, field) => {
      const answer = await anyone.post(PATH, question(different));
      expectStatus(answer, 422);
      const { errors } = answer.body as { errors: { field: string }[] };
      expect([...new Set(errors.map((error) => error.field))]).toEqual([field]);
    });

    it.each([' ', '\n', '\r\n', '\t', '\u00a0', '\u3000', ' \r\n\t '])(
      'ignores white space around the token: %j',
      async (white) => {
        expectValid(await anyone.post(PATH, question({ token: white + license.token + white })));
        const [head, ...rest] = license.token.split('.');
        const within = await anyone.post(PATH, question({ token: [head, white, ...rest].join('.') }));
        expect(within.body).toMatchObject({ valid: false, code: 'MALFORMED' });
      },
    );

    it.each(['\ufeff', '\u200b', '"', "'", 'Bearer '])(
      'ignores nothing else around the token: %j',
      async (text) => {
        const answer = await anyone.post(PATH, question({ token: text + license.token }));
        expect(answer.body).toMatchObject({ valid: false, code: 'MALFORMED' });
      },
    );

    it.each([
      ['a byte order mark', { 'Content-Type': 'application/json' }, '\ufeff'],
      ['charset=utf8', { 'Content-Type': 'application/json; charset=utf8' }, ''],
      ['Accept: text/plain', { Accept: 'text/plain' }, ''],
      ['Authorization: Basic', { Authorization: 'Basic dXNlcjpwYXNzd29yZA==' }, ''],
    ] as [string, Record<string, string>, string][])('takes %s', async (_, headers, before) => {
      expectValid(await anyone.send('POST', PATH, before + JSON.stringify(question()), headers));
    });

    it('ignores a query', async () => {
      expectValid(await anyone.post(`${PATH}?_=1764300000`, question()));
    });

    it('is strict for batches, which v0.8 did not have', async () => {
      const admin = new Client(server.url, server.adminKey);
      const ask = (different: Record<string, unknown>): Promise<Answer> =>
        admin.post(`${PATH}/batch`, { items: [question(different)] });
      expect((await ask({ odoo_version: undefined, version: '17.0' })).body).toMatchObject({
        results: [{ code: 'VALID' }],
      });
      const unknown = await ask({ hostname: 'erp' });
      expectStatus(unknown, 422);
      expect(unknown.body.errors).toEqual([{ field: 'items.0.hostname', message: 'is not a known field' }]);
    });
  });
});
