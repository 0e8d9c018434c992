import { Client } from '../support/client';
import { readContract, routesOf } from '../support/contract';
import { exampleBody, type Ids, pathOf, someIds } from '../support/example-requests';
import { testServer, type TestServer } from '../support/server';
import { superuserOf } from '../support/sql';

/** Who may call what, as the contract's page says: a scope, any key, all, or all without a look at the key. */
const ROUTES: readonly [route: string, access: string][] = [
  ['POST /api/v1/licenses', 'licenses:issue'],
  ['GET /api/v1/licenses', 'licenses:read'],
  ['GET /api/v1/licenses/{id}', 'licenses:read'],
  ['GET /api/v1/licenses/{id}/token', 'licenses:read'],
  ['PATCH /api/v1/licenses/{id}', 'licenses:issue'],
  ['GET /api/v1/licenses/{id}/status', 'public'],
  ['POST /api/v1/licenses/validate', 'public'],
  ['POST /api/v1/licenses/validate/batch', 'licenses:validate'],
  ['POST /api/v1/licenses/inspect', 'licenses:read'],
  ['DELETE /api/v1/licenses/{id}/revoke', 'licenses:revoke'],
  ['POST /api/v1/licenses/{id}/revoke', 'licenses:revoke'],
  ['POST /api/v1/licenses/{id}/suspend', 'licenses:revoke'],
  ['POST /api/v1/licenses/{id}/reinstate', 'licenses:revoke'],
  ['POST /api/v1/licenses/{id}/renew', 'licenses:issue'],
  ['POST /api/v1/licenses/{id}/reissue', 'licenses:issue'],
  ['POST /api/v1/licenses/fingerprint', 'public'],
  ['POST /api/v1/customers', 'customers:write'],
  ['GET /api/v1/customers', 'customers:read'],
  ['GET /api/v1/customers/{id}', 'customers:read'],
  ['PATCH /api/v1/customers/{id}', 'customers:write'],
  ['DELETE /api/v1/customers/{id}', 'customers:write'],
  ['GET /api/v1/me', 'any key'],
  ['GET /api/v1/admin/stats', 'stats:read'],
  ['GET /api/v1/admin/audit-logs', 'audit:read'],
  ['POST /api/v1/admin/api-keys', 'api-keys:manage'],
  ['GET /api/v1/admin/api-keys', 'api-keys:manage'],
  ['GET /api/v1/admin/api-keys/{id}', 'api-keys:manage'],
  ['DELETE /api/v1/admin/api-keys/{id}', 'api-keys:manage'],
  ['GET /.well-known/jwks.json', 'public'],
  ['GET /', 'public'],
  ['GET /info', 'public'],
  ['GET /health', 'health'],
  ['GET /health/live', 'health'],
  ['GET /health/ready', 'health'],
  ['GET /health/startup', 'health'],
  ['GET /docs', 'public'],
  ['GET /openapi.json', 'public'],
  ['GET /problems/{code}', 'public'],
];

const SCOPES = [
  'licenses:read',
  'licenses:issue',
  'licenses:revoke',
  'licenses:validate',
  'customers:read',
  'customers:write',
  'stats:read',
  'audit:read',
  'api-keys:manage',
  'webhooks:manage',
];

const contract = readContract();
const routes = new Map(routesOf(contract).map((route) => [`${route.method} ${route.path}`, route]));
const isScope = (access: string): boolean => access.includes(':');

it('has each route of the contract, and no other', () => {
  expect([...routes.keys()].sort()).toEqual(ROUTES.map(([name]) => name).sort());
});

describe.each(ROUTES)('%s (%s)', (name, access) => {
  it('is documented with who may call it', () => {
    const expected: Record<string, unknown[]> = {
      'any key': [{ api_key: [] }, { bearer: [] }],
      public: [{}, { api_key: [] }, { bearer: [] }],
      health: [],
    };
    const security = expected[access] ?? [{ api_key: [access] }, { bearer: [access] }];
    const documented = routes.get(name)?.operation.security ?? [];
    expect(documented).toHaveLength(security.length);
    expect(documented).toEqual(expect.arrayContaining(security));
  });
});

describe('the server', () => {
  let server: TestServer;
  let admin: Client;
  let ids: Ids;
  /** Keys by their single scope. */
  const withOnly = new Map<string, string>();
  /** Keys by the scope that they lack. */
  const without = new Map<string, string>();
  const refused: Record<string, string> = {};

  async function makeKey(details: Record<string, unknown>): Promise<{ id: string; key: string }> {
    const { body } = await admin.post('/api/v1/admin/api-keys', {
      name: 'a key',
      scopes: SCOPES,
      ...details,
    });
    return body as { id: string; key: string };
  }

  beforeAll(async () => {
    server = await testServer();
    admin = new Client(server.url, server.adminKey);
    ids = await someIds(admin);
    for (const scope of SCOPES) {
      withOnly.set(scope, (await makeKey({ scopes: [scope] })).key);
      without.set(scope, (await makeKey({ scopes: SCOPES.filter((other) => other !== scope) })).key);
    }
    const [deleted, expired, inactive, damaged] = [
      await makeKey({}),
      await makeKey({}),
      await makeKey({}),
      await makeKey({}),
    ];
    await admin.delete(`/api/v1/admin/api-keys/${deleted.id}`);
    const sql = await superuserOf(server);
    await sql.query(`UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = $1`, [
      expired.id,
    ]);
    await sql.query('UPDATE api_keys SET is_active = false WHERE id = $1', [inactive.id]);
    await sql.end();
    Object.assign(refused, {
      'a text that is no key': 'garbage',
      'a key with a typing error': damaged.key.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a')),
      'a deleted key': deleted.key,
      'an expired key': expired.key,
      'an inactive key': inactive.key,
    });
  });
  afterAll(() => server.close());

  /** The status that a caller with this key gets; the request is one that changes nothing even if it is let in. */
  async function statusWith(name: string, headers: Record<string, string>): Promise<number> {
    const route = routes.get(name)!;
    const body = exampleBody(route);
    // Refused for its parameter only by a server that would have let it in.
    const path = `${pathOf(route, ids)}?let_in`;
    const answer = await new Client(server.url).send(route.method, path, body, headers);
    return answer.status;
  }
  const LET_IN = 422;

  it.each(ROUTES)('%s (%s): lets in who may, in either header, and nobody else', async (name, access) => {
    if (isScope(access)) {
      const key = withOnly.get(access)!;
      expect(await statusWith(name, { 'X-API-Key': key })).toBe(LET_IN);
      expect(await statusWith(name, { Authorization: `Bearer ${key}` })).toBe(LET_IN);
      expect(await statusWith(name, { 'X-API-Key': server.adminKey })).toBe(LET_IN);
      expect(await statusWith(name, { 'X-API-Key': without.get(access)! })).toBe(403);
      expect(await statusWith(name, {})).toBe(401);
    } else {
      expect(await statusWith(name, { 'X-API-Key': withOnly.get('webhooks:manage')! })).toBe(LET_IN);
      expect(await statusWith(name, {})).toBe(access === 'any key' ? 401 : LET_IN);
    }
  });

  it.each(ROUTES)('%s (%s): refuses every bad key alike', async (name, access) => {
    for (const [what, key] of Object.entries(refused))
      expect([what, await statusWith(name, { 'X-API-Key': key })]).toEqual([
        what,
        access === 'health' ? LET_IN : 401,
      ]);
    const both = { 'X-API-Key': server.adminKey, Authorization: `Bearer ${server.adminKey}` };
    expect(await statusWith(name, both)).toBe(access === 'health' ? LET_IN : 400);
  });

  it('names the scope that is missing', async () => {
    const key = without.get('audit:read')!;
    const { body } = await new Client(server.url, key).get('/api/v1/admin/audit-logs');
    expect(body).toMatchObject({
      code: 'insufficient_scope',
      detail: 'The API key lacks the scope audit:read.',
    });
  });
});
