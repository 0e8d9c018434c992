import { makeKey as madeUp } from '../../libs/api-keys/src/api-key-format';
import { Client } from '../support/requests/client';
import { readContract, routesOf } from '../support/contract/contract';
import { exampleBody, type Ids, pathOf, someIds } from '../support/contract/example-requests';
import { ROUTE_ACCESS, scopesOf, SINGLE_SCOPES } from '../support/contract/route-access';
import { testServer, type TestServer } from '../support/processes/server';
import { giveKeySet } from '../support/keys/signing-keys';
import { superuserOf } from '../support/database/sql';
import { anApiKey } from '../support/factories';
import { expectStatus } from '../support/contract/expect-status';
import { sessionHeaders, signIn } from '../support/sessions/session-client';

const routes = new Map(routesOf(readContract()).map((route) => [`${route.method} ${route.path}`, route]));

/**
 * What the answer to an unknown parameter is: only who was let in gets so far. Public routes ignore it; those whose
 * credential is the license refuse the text that is sent in its place.
 */
function letIn(name: string, access: string): number {
  if (access === 'public' && name.startsWith('POST /api/v1/activations')) return 403;
  return ['public', 'health'].includes(access) ? 200 : 422;
}

/** Every route, with every kind of caller: who is let in follows from the contract's page alone. */
describe('a walk over all routes', () => {
  let server: TestServer;
  let ids: Ids;
  /** Keys by their single scope. */
  const withOnly = new Map<string, string>();
  /** Keys by the scope that they lack, `admin` lacking too. */
  const without = new Map<string, string>();
  /** Values of sessions of the keys with a single scope, by that scope. */
  const bySession = new Map<string, string>();
  /** Values that are of no session, by what they are. */
  const ended: Record<string, string> = {};
  /** Credentials that count for nothing, by what they are. */
  const refused: Record<string, string> = {};

  beforeAll(async () => {
    server = await testServer();
    await giveKeySet(server);
    const admin = new Client(server.url, server.adminKey);
    ids = await someIds(admin);
    const makeKey = (scopes: readonly string[]) => anApiKey(admin, { scopes });
    for (const scope of SINGLE_SCOPES) {
      withOnly.set(scope, (await makeKey([scope])).key);
      bySession.set(scope, (await signIn(server, withOnly.get(scope)!)).client.value);
      without.set(scope, (await makeKey(SINGLE_SCOPES.filter((other) => other !== scope))).key);
    }
    const [deleted, expired, inactive, rotated, damaged] = [
      await makeKey(['admin']),
      await makeKey(['admin']),
      await makeKey(['admin']),
      await makeKey(['admin']),
      await makeKey(['admin']),
    ];
    const at = ({ id }: { id: string }): string => `/api/v1/admin/api-keys/${id}`;
    for (const [what, { key }] of Object.entries({ deleted, inactive, rotated, expired }))
      ended[`a session of a key that is ${what}`] = (await signIn(server, key)).client.value;
    const signedOut = await signIn(server, damaged.key);
    expectStatus(await signedOut.client.delete('/api/v1/sessions/current'), 204);
    Object.assign(ended, {
      'a session that was signed out': signedOut.client.value,
      'a value of nobody': 'A'.repeat(43),
      'a text that is not a value': 'garbage',
      'an API key': server.adminKey,
    });
    await admin.delete(at(deleted));
    await admin.patch(at(inactive), { is_active: false });
    await admin.post(`${at(rotated)}/rotate`, {});
    const sql = await superuserOf(server);
    await sql.query(`UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = $1`, [
      expired.id,
    ]);
    await sql.end();
    Object.assign(refused, {
      'a text that is not a key': 'garbage',
      'an empty text': '',
      'a key with a typing error': damaged.key.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a')),
      'a key cut short': damaged.key.slice(0, -1),
      'an unknown key': madeUp('test').key,
      'a known id with another secret': madeUp('test', damaged.id).key,
      'a key of another environment': madeUp('production', damaged.id).key,
      'the id alone': damaged.id,
      'a deleted key': deleted.key,
      'an expired key': expired.key,
      'an inactive key': inactive.key,
      'a key that was rotated away': rotated.key,
    });
  });
  afterAll(() => server.close());

  /** The status that a caller gets; the request is one that changes nothing even if it is let in. */
  async function statusWith(name: string, headers: Record<string, string>): Promise<number> {
    const route = routes.get(name)!;
    const path = `${pathOf(route, ids)}?let_in`;
    return (await new Client(server.url).send(route.method, path, exampleBody(route), headers)).status;
  }

  /** The statuses that callers with these keys get, by what the keys are. */
  async function statusesWith(
    name: string,
    keys: Iterable<readonly [string, string]>,
    header: (key: string) => Record<string, string> = (key) => ({ 'X-API-Key': key }),
  ): Promise<Record<string, number>> {
    const statuses: Record<string, number> = {};
    for (const [what, key] of keys) statuses[what] = await statusWith(name, header(key));
    return statuses;
  }

  const asBearer = (key: string): Record<string, string> => ({ Authorization: `Bearer ${key}` });

  it('misses no route that the server has', () => {
    expect(ROUTE_ACCESS.map(([name]) => name).sort()).toEqual([...routes.keys()].sort());
  });

  describe.each(ROUTE_ACCESS)('%s (%s)', (name, access) => {
    it('lets in only keys that have the scope, tried with each single scope', async () => {
      const expected = Object.fromEntries(
        SINGLE_SCOPES.map((scope) => [
          scope,
          scopesOf(access).some((needed) => needed !== scope) ? 403 : letIn(name, access),
        ]),
      );
      expect(await statusesWith(name, withOnly)).toEqual(expected);
      expect(await statusesWith(name, withOnly, asBearer)).toEqual(expected);
    });

    it('lets in only keys that have the scope, tried with all scopes except one', async () => {
      expect(await statusesWith(name, without)).toEqual(
        Object.fromEntries(
          SINGLE_SCOPES.map((scope) => [scope, scopesOf(access).includes(scope) ? 403 : letIn(name, access)]),
        ),
      );
    });

    it('lets in admin, in either header', async () => {
      expect(await statusWith(name, { 'X-API-Key': server.adminKey })).toBe(letIn(name, access));
      expect(await statusWith(name, asBearer(server.adminKey))).toBe(letIn(name, access));
    });

    it('lets in nobody without a key, except on public routes', async () => {
      const isOpen = ['public', 'health'].includes(access);
      expect(await statusWith(name, {})).toBe(isOpen ? letIn(name, access) : 401);
    });

    it('refuses every bad key in the same way, in either header', async () => {
      const status = access === 'health' ? letIn(name, access) : 401;
      const expected = Object.fromEntries(Object.keys(refused).map((what) => [what, status]));
      expect(await statusesWith(name, Object.entries(refused))).toEqual(expected);
      expect(await statusesWith(name, Object.entries(refused), asBearer)).toEqual(expected);
    });

    it('lets in sessions where it lets in their keys, except to open another one', async () => {
      const expected = [...bySession.keys()].map((scope): [string, number] => {
        if (name === 'POST /api/v1/sessions') return [scope, 401];
        return [scope, scopesOf(access).some((needed) => needed !== scope) ? 403 : letIn(name, access)];
      });
      const statuses = await statusesWith(name, bySession, sessionHeaders);
      expect(statuses).toEqual(Object.fromEntries(expected));
    });

    it('refuses every session that has ended', async () => {
      const status = access === 'health' ? letIn(name, access) : 401;
      const statuses = await statusesWith(name, Object.entries(ended), sessionHeaders);
      expect(statuses).toEqual(Object.fromEntries(Object.keys(ended).map((what) => [what, status])));
    });

    it('takes the cookie of a session for nothing without X-Aegis-Console: 1', async () => {
      const isOpen = ['public', 'health'].includes(access);
      for (const value of bySession.values()) {
        const { Cookie, Origin } = sessionHeaders(value);
        expect(await statusWith(name, { Cookie: Cookie!, Origin: Origin! })).toBe(
          isOpen ? letIn(name, access) : 401,
        );
      }
    });

    it('refuses two credentials at once, no matter which of them is good', async () => {
      const status = access === 'health' ? letIn(name, access) : 400;
      for (const [one, other] of [
        [server.adminKey, server.adminKey],
        [server.adminKey, 'garbage'],
        ['garbage', server.adminKey],
      ] as const)
        expect(await statusWith(name, { 'X-API-Key': one, ...asBearer(other) })).toBe(status);
    });
  });

  it('names the scope that is missing', async () => {
    const key = without.get('audit:read')!;
    const { body } = await new Client(server.url, key).get('/api/v1/admin/audit-logs');
    expect(body).toMatchObject({
      code: 'insufficient_scope',
      detail: 'The API key lacks the scope audit:read.',
    });
  });

  /** What the text itself shows to anyone, without a look at what is on record. */
  const SHOWN_BY_THE_TEXT: Readonly<Record<string, string>> = {
    'a text that is not a key': 'unreadable',
    'an empty text': 'unreadable',
    'a key with a typing error': 'unreadable',
    'a key cut short': 'unreadable',
    'the id alone': 'unreadable',
    'a key of another environment': 'other environment',
  };

  it('does not say whether a refused key is known: refusals depend only on the text of the key', async () => {
    const texts = new Map<string, Set<string>>();
    for (const [what, key] of Object.entries(refused)) {
      const { body, headers } = await new Client(server.url).get('/api/v1/me', { 'X-API-Key': key });
      const kind = SHOWN_BY_THE_TEXT[what] ?? 'readable';
      const seen = texts.get(kind) ?? new Set();
      texts.set(
        kind,
        seen.add(JSON.stringify([{ ...body, request_id: '' }, headers.get('www-authenticate')])),
      );
    }
    expect([...texts].map(([kind, seen]) => [kind, seen.size])).toEqual([
      ['unreadable', 1],
      ['readable', 1],
      ['other environment', 1],
    ]);
  });
});
