import { readContract, resolved, type Route, routesOf } from '../support/contract/contract';
import { type Answer, Client } from '../support/requests/client';
import { expectStatus } from '../support/contract/expect-status';
import { exampleBody, type Ids, pathOf, someIds } from '../support/contract/example-requests';
import { SINGLE_SCOPES } from '../support/contract/route-access';
import { testServer, type TestServer } from '../support/processes/server';
import { superuserOf } from '../support/database/sql';
import { anApiKey } from '../support/factories';

const ROUTE = '/api/v1/admin/api-keys';

/** Many requests wait in line here on a small machine; how long the line may be is not what is tested. */
const PATIENT = {
  DB_ACQUIRE_TIMEOUT_MS: '30000',
  DB_CONNECT_TIMEOUT_MS: '30000',
  DB_LOCK_TIMEOUT_MS: '30000',
  DB_STATEMENT_TIMEOUT_MS: '30000',
};

/** What is the server's to say of anything, and never the caller's. */
const SERVERS_OWN = [
  'token',
  'status',
  'created_at',
  'updated_at',
  'deleted_at',
  'issued_at',
  'revision',
  'version',
  'key_id',
  'created_by',
  'revoked_at',
  'suspended_at',
  'prefix',
  'hash',
  'key',
  'usage_count',
  'last_used_at',
  'valid',
  'code',
  'actor',
  'is_admin',
  'role',
];

interface Key {
  id: string;
  key: string;
}

describe('a caller with some key', () => {
  let server: TestServer;
  let replica: TestServer;
  let admin: Client;

  beforeAll(async () => {
    server = await testServer({ variables: PATIENT });
    replica = await testServer({ database: server.database, keysDir: server.keysDir, variables: PATIENT });
    admin = new Client(server.url, server.adminKey);
  });
  afterAll(async () => {
    await replica.close();
    await server.close();
  });

  const made = (...scopes: string[]): Promise<Key> => anApiKey(admin, { scopes });
  const at = ({ id }: Key): string => `${ROUTE}/${id}`;
  const clientOf = ({ key }: Key, url = server.url): Client => new Client(url, key);

  it.each([...SINGLE_SCOPES, 'admin'].filter((scope) => scope !== 'api-keys:manage'))(
    'gains %s by no route, and takes it from nobody, unless it holds it',
    async (wanted) => {
      const manager = await made('api-keys:manage');
      const target = await made(wanted);
      const plain = await made('api-keys:manage');
      const own = clientOf(manager);
      const stateOf = async (key: Key): Promise<unknown> => (await admin.get(at(key))).body;
      const before = [await stateOf(target), await stateOf(plain), await stateOf(manager)];
      const count = (await admin.get(ROUTE)).body.total as number;
      const attempts: Answer[] = [
        await own.post(ROUTE, { name: 'more', scopes: [wanted] }),
        await own.post(ROUTE, { name: 'more', scopes: ['api-keys:manage', wanted] }),
        await own.patch(at(manager), { scopes: ['api-keys:manage', wanted] }),
        await own.patch(at(plain), { scopes: [wanted] }),
        await own.patch(at(target), { scopes: ['api-keys:manage'] }),
        await own.patch(at(target), { name: 'mine' }),
        await own.patch(at(target), { is_active: false }),
        await own.patch(at(target), { expires_at: null }),
        await own.patch(at(target), { rate_limit_per_minute: 1 }),
        await own.post(`${at(target)}/rotate`, {}),
        await own.post(`${at(target)}/rotate`, { grace_seconds: 600 }),
        await own.delete(at(target)),
      ];
      expect(attempts.map(({ status }) => status)).toEqual(attempts.map(() => 403));
      for (const { body } of attempts) {
        expect(body).toMatchObject({ code: 'insufficient_scope', detail: expect.stringContaining(wanted) });
        expect(body).not.toHaveProperty('key');
      }
      expect([await stateOf(target), await stateOf(plain), await stateOf(manager)].map(asBefore)).toEqual(
        before.map(asBefore),
      );
      expect((await admin.get(ROUTE)).body.total).toBe(count);
      expectStatus(await clientOf(target).get('/api/v1/me'), 200);
    },
  );

  it('loses it with the next request, on every replica: deactivated, rotated, deleted, expired', async () => {
    const sql = await superuserOf(server);
    const ends: ((key: Key) => Promise<unknown>)[] = [
      (key) => admin.patch(at(key), { is_active: false }),
      (key) => admin.post(`${at(key)}/rotate`, {}),
      (key) => admin.delete(at(key)),
      (key) =>
        sql.query(`UPDATE api_keys SET expires_at = clock_timestamp() - interval '1 ms' WHERE id = $1`, [
          key.id,
        ]),
    ];
    for (const end of ends) {
      const key = await made('licenses:read');
      const everywhere = [server, replica].map(({ url }) => clientOf(key, url));
      for (const one of everywhere) expectStatus(await one.get('/api/v1/licenses'), 200);
      await end(key);
      for (const one of everywhere) expectStatus(await one.get('/api/v1/licenses'), 401);
    }
    await sql.end();
  });

  it('loses a scope, and gains one, with the next request, on every replica', async () => {
    const key = await made('licenses:read');
    const elsewhere = clientOf(key, replica.url);
    expectStatus(await elsewhere.get('/api/v1/licenses'), 200);
    expectStatus(await admin.patch(at(key), { scopes: ['customers:read'] }), 200);
    expectStatus(await elsewhere.get('/api/v1/licenses'), 403);
    expectStatus(await elsewhere.get('/api/v1/customers'), 200);
  });

  it('cannot set what only the server may set, in any body', async () => {
    const ids: Ids = await someIds(admin);
    const routes = routesOf(readContract()).filter((route) => exampleBody(route) !== undefined);
    expect(routes.length).toBeGreaterThan(10);
    for (const route of routes) {
      const example = exampleBody(route) as Record<string, unknown>;
      for (const field of [...SERVERS_OWN, 'id', 'scopes', 'is_active', 'customer_id'].filter(
        (name) => !(name in example) && !declares(route, name),
      )) {
        const answer = await admin.send(route.method, pathOf(route, ids), { ...example, [field]: 'x' });
        if (route.operation.operationId === 'validateLicense') {
          // It ignores what it does not know: the answer is the one without the field.
          const { body } = await admin.send(route.method, pathOf(route, ids), example);
          expect({ ...answer.body, checked_at: null }).toEqual({ ...body, checked_at: null });
          continue;
        }
        expectStatus(answer, 422);
        expect(answer.body.errors).toContainEqual({ field, message: 'is not a known field' });
      }
    }
  });

  // Last: it leaves few admin keys.
  it('cannot remove the last admin key, even if 100 at once weaken and remove the last two', async () => {
    const sql = await superuserOf(server);
    const [one, other] = [await made('admin'), await made('admin')];
    await sql.query(
      `UPDATE api_keys SET is_active = false WHERE 'admin' = ANY(scopes) AND NOT id = ANY($1)`,
      [[one.id, other.id]],
    );
    const callers = [one, other].flatMap((key) => [server, replica].map(({ url }) => clientOf(key, url)));
    const weaken = (index: number): Promise<Answer> => {
      const caller = callers[index % callers.length]!;
      const target = at(index % 3 === 0 ? one : other);
      switch (index % 4) {
        case 0:
          return caller.delete(target);
        case 1:
          return caller.patch(target, { scopes: ['licenses:read'] });
        case 2:
          return caller.patch(target, { is_active: false });
        default:
          return caller.patch(target, { expires_at: '2099-01-01T00:00:00Z' });
      }
    };
    const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => weaken(index)));
    const statuses = new Set(answers.map(({ status }) => status));
    // Done to one of them; refused for the other; or asked by, or about, the one that no longer exists.
    expect([...statuses].filter((status) => ![200, 204, 401, 403, 404, 409].includes(status))).toEqual([]);
    expect(statuses.has(200) || statuses.has(204)).toBe(true);
    const { rows } = await sql.query<{ id: string }>(
      `SELECT id FROM api_keys
       WHERE 'admin' = ANY(scopes) AND is_active AND expires_at IS NULL AND deleted_at IS NULL`,
    );
    expect(rows).toHaveLength(1);
    const survivor = [one, other].find(({ id }) => id === rows[0]!.id)!;
    expectStatus(await clientOf(survivor, replica.url).get(ROUTE), 200);
    await sql.end();
  });
});

/** A key's record without what its use changes. */
function asBefore(record: unknown): unknown {
  return { ...(record as object), last_used_at: null, usage_count: 0 };
}

function declares({ operation }: Route, name: string): boolean {
  const schema = operation.requestBody?.content['application/json']?.schema;
  return schema !== undefined && name in (resolved(readContract(), schema).properties ?? {});
}
