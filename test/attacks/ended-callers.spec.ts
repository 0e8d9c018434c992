import { formatOfflineRequest, newOfflineRequest } from '@aegis/license-token';
import { randomUUID } from 'node:crypto';
import type { Client as Postgres } from 'pg';
import { type Answer, Client } from '../support/requests/client';
import { readContract, type Route, routesOf } from '../support/contract/contract';
import { exampleBody, exampleQuery } from '../support/contract/example-requests';
import { expectStatus } from '../support/contract/expect-status';
import { aCustomer, aCustomerId, aLicense, anApiKey, aDelivery, aWebhook } from '../support/factories';
import { heldRequest } from '../support/requests/held-request';
import { ROUTE_ACCESS, scopesOf } from '../support/contract/route-access';
import { testServer, type TestServer } from '../support/processes/server';
import { superuserOf, untilBlocked } from '../support/database/sql';
import { sessionHeaders, type SignedIn, signIn } from '../support/sessions/session-client';

const KEYS = '/api/v1/admin/api-keys';
const SESSIONS = '/api/v1/sessions';
/** What a key has besides the scope that a route needs: it is what narrowing leaves. */
const REMAINS = 'stats:read';
const LOCAL = 'http://127.0.0.1:9/other';
/** POST for the sake of their bodies: they change nothing. */
const READING = [
  'POST /api/v1/licenses/validate/batch',
  'POST /api/v1/licenses/inspect',
  'POST /api/v1/activations/inspect',
];

const scopes = new Map(ROUTE_ACCESS);
const closed = routesOf(readContract())
  .filter(({ method }) => !['GET', 'HEAD'].includes(method))
  .map((route) => ({ name: `${route.method} ${route.path}`, route, scope: scopes.get(nameOf(route)) ?? '' }))
  .filter(({ scope }) => scope.includes(':'));
const changing = closed.filter(({ name }) => !READING.includes(name));
const withBody = closed.filter(({ route }) => route.operation.requestBody !== undefined);
const replayable = changing.filter(({ route }) =>
  route.operation.parameters.some(({ name }) => name === 'Idempotency-Key'),
);

function nameOf({ method, path }: Route): string {
  return `${method} ${path}`;
}

interface Key {
  id: string;
  key: string;
}

interface Prepared {
  method: string;
  path: string;
  body: unknown;
}

/** How a key loses what it was let in with, by the API, by what the request is answered then. */
const ENDS: Record<
  string,
  { status: number; end(admin: Client, id: string, sql: Postgres): Promise<unknown> }
> = {
  deleted: { status: 401, end: (admin, id) => admin.delete(`${KEYS}/${id}`) },
  rotated: { status: 401, end: (admin, id) => admin.post(`${KEYS}/${id}/rotate`, {}) },
  deactivated: { status: 401, end: (admin, id) => admin.patch(`${KEYS}/${id}`, { is_active: false }) },
  narrowed: { status: 403, end: (admin, id) => admin.patch(`${KEYS}/${id}`, { scopes: [REMAINS] }) },
  expired: {
    status: 401,
    end: (_, id, sql) =>
      sql.query(`UPDATE api_keys SET expires_at = clock_timestamp() - interval '1 ms' WHERE id = $1`, [id]),
  },
};

/** How a session loses what it was let in with, by what the request is answered then. */
const SESSION_ENDS: Record<
  string,
  { code: string; end(session: SignedIn, admin: Client, key: string): Promise<unknown> }
> = {
  'signed out': { code: 'session_ended', end: ({ client }) => client.delete(`${SESSIONS}/current`) },
  'ended by another': {
    code: 'session_ended',
    end: ({ session }, admin) => admin.delete(`${SESSIONS}/${session.id}`),
  },
  'of a deleted key': { code: 'session_ended', end: (_, admin, id) => admin.delete(`${KEYS}/${id}`) },
  'of a rotated key': {
    code: 'session_ended',
    end: (_, admin, id) => admin.post(`${KEYS}/${id}/rotate`, { grace_seconds: 600 }),
  },
  'of a narrowed key': {
    code: 'insufficient_scope',
    end: (_, admin, id) => admin.patch(`${KEYS}/${id}`, { scopes: [REMAINS] }),
  },
};

/** The same, as rows: what another process has committed while the request waits for its caller's lock. */
const ENDS_IN_SQL: Record<keyof typeof ENDS, string> = {
  deleted: 'UPDATE api_keys SET is_active = false, deleted_at = clock_timestamp() WHERE id = $1',
  rotated: `UPDATE api_keys SET hash = decode(repeat('ab', 32), 'hex') WHERE id = $1`,
  deactivated: 'UPDATE api_keys SET is_active = false WHERE id = $1',
  narrowed: `UPDATE api_keys SET scopes = '{${REMAINS}}' WHERE id = $1`,
  expired: `UPDATE api_keys SET expires_at = clock_timestamp() - interval '1 ms' WHERE id = $1`,
};

describe('a request whose key ends while it is under way', () => {
  let server: TestServer;
  let admin: Client;
  let sql: Postgres;
  let watcher: Postgres;

  beforeAll(async () => {
    server = await testServer();
    admin = new Client(server.url, server.adminKey);
    [sql, watcher] = [await superuserOf(server), await superuserOf(server)];
  });
  afterAll(async () => {
    await sql.end();
    await watcher.end();
    await server.close();
  });

  const aKey = (access: string): Promise<Key> => anApiKey(admin, { scopes: [...scopesOf(access), REMAINS] });

  /** A request that a live key would see through, with what it names. */
  async function prepared(route: Route): Promise<Prepared> {
    const { method, path } = route;
    const example = exampleBody(route) as Record<string, unknown> | undefined;
    if (path.includes('/activations')) return preparedForActivation(route);
    if (path.startsWith('/api/v1/licenses')) {
      const seats = path.endsWith('/seats') ? { seats: { mode: 'fixed', max: 1 } } : {};
      const license = await aLicense(admin, { license_type: 'subscription', duration_days: 30, ...seats });
      const at = path.replace('{id}', license.id);
      if (path.endsWith('/reinstate'))
        expectStatus(
          await admin.post(at.replace('reinstate', 'suspend'), { reason: 'to be reinstated' }),
          200,
        );
      const item = { token: license.token, module_name: license.module_name, odoo_version: '17' };
      const body =
        path === '/api/v1/licenses'
          ? { ...example, customer_id: license.customer_id }
          : path.endsWith('/batch')
            ? { items: [item] }
            : path.endsWith('/inspect')
              ? { token: license.token }
              : path.endsWith('/reissue')
                ? {}
                : path.endsWith('/renew')
                  ? { duration_days: 30 }
                  : example;
      return { method, path: at, body };
    }
    if (path.startsWith('/api/v1/customers')) {
      if (!path.includes('{id}')) return { method, path, body: { id: aCustomerId(), name: 'Acme' } };
      const customer = await aCustomer(admin);
      return { method, path: path.replace('{id}', customer.id), body: example };
    }
    if (path.startsWith('/api/v1/admin/webhooks')) return preparedForWebhook(route);
    if (path === KEYS) return { method, path, body: { name: 'a child', scopes: ['api-keys:manage'] } };
    const target = await anApiKey(admin, { scopes: ['api-keys:manage'] });
    const body = path.endsWith('/rotate') ? {} : method === 'PATCH' ? { name: 'renamed' } : undefined;
    return { method, path: path.replace('{id}', target.id), body };
  }

  async function preparedForWebhook(route: Route): Promise<Prepared> {
    const { method, path } = route;
    if (path.includes('/deliver'))
      return { method, path: path.replace('{id}', (await aDelivery(admin)).id), body: undefined };
    const { id } = await aWebhook(admin);
    if (path.endsWith('/redeliver'))
      return { method, path: `${path.replace('{id}', id)}${exampleQuery(route)}`, body: undefined };
    const example = exampleBody(route);
    // Its URL leads nowhere.
    const body =
      method === 'PATCH' || path.endsWith('/webhooks') ? { ...Object(example), url: LOCAL } : example;
    return { method, path: path.replace('{id}', id), body };
  }

  async function preparedForActivation({ method, path }: Route): Promise<Prepared> {
    const fingerprint = randomUUID();
    const license = await aLicense(admin, { seats: { mode: 'fixed', max: 2 } });
    const activation = await new Client(server.url).post('/api/v1/activations', {
      ...{ token: license.token, module_name: license.module_name, odoo_version: '17', fingerprint },
    });
    expectStatus(activation, 201);
    const { id } = activation.body as { id: string };
    const at = path.replace('{id}', license.id).replace('{activation_id}', id);
    if (path.endsWith('/heartbeats')) return { method, path, body: { items: [{ id, fingerprint }] } };
    if (path.endsWith('/end')) return { method, path: at, body: { reason: 'sold' } };
    const request = formatOfflineRequest(await newOfflineRequest(license.id, fingerprint, new Date()));
    if (path.endsWith('/inspect')) return { method, path, body: { request } };
    return { method, path: at, body: { request, valid_days: 30 } };
  }

  /** All that a change would change, except for the caller's own row and its uses. */
  async function state({ id }: Key): Promise<unknown> {
    const { rows } = await watcher.query(
      `SELECT (SELECT md5(string_agg(c::text, '|' ORDER BY id)) FROM customers c) AS customers,
              (SELECT md5(string_agg(l::text, '|' ORDER BY id)) FROM licenses l) AS licenses,
              (SELECT md5(string_agg(t::text, '|' ORDER BY sha256)) FROM license_tokens t) AS tokens,
              (SELECT md5(string_agg(a::text, '|' ORDER BY id)) FROM activations a) AS activations,
              (SELECT md5(string_agg(w::text, '|' ORDER BY id)) FROM webhook_endpoints w) AS webhooks,
              (SELECT count(*) FROM idempotency_keys) AS answers,
              (SELECT md5(string_agg(concat_ws(' ', k.id, k.version, k.hash, k.is_active), '|' ORDER BY k.id))
                 FROM api_keys k WHERE k.id <> $1) AS keys,
              (SELECT count(*) FROM audit_logs WHERE api_key_id = $1) AS records`,
      [id],
    );
    return rows[0];
  }

  const send = (
    { method, path, body }: Prepared,
    { key }: Key,
    more: Record<string, string> = {},
  ): Promise<Answer> => new Client(server.url).send(method, path, body, { 'X-API-Key': key, ...more });

  function expectRefused({ status, body }: Pick<Answer, 'status' | 'body'>, expected: number): void {
    expect([status, body.code]).toEqual([expected, expected === 401 ? 'unauthorized' : 'insufficient_scope']);
  }

  it('knows the routes that change something', () => {
    expect(changing.length).toBeGreaterThanOrEqual(15);
    expect(withBody.length).toBeGreaterThanOrEqual(12);
    expect(READING.every((name) => closed.some((route) => route.name === name))).toBe(true);
  });

  it.each(withBody)('changes nothing by $name when its body comes later', async ({ route, scope }) => {
    const request = await prepared(route);
    for (const { status, end } of Object.values(ENDS)) {
      const key = await aKey(scope);
      const held = await heldRequest(server.url, request, { 'X-API-Key': key.key });
      await end(admin, key.id, sql);
      const before = await state(key);
      expectRefused(await held.finish(), status);
      expect(await state(key)).toEqual(before);
    }
    // It is the end of the key that was refused, not the request.
    const held = await heldRequest(server.url, request, { 'X-API-Key': (await aKey(scope)).key });
    expect((await held.finish()).status).toBeLessThan(300);
  });

  /** Sends a request that waits for its caller's lock, and lets the key end before it gets it. */
  async function endedUnderLock(
    request: () => Promise<Answer>,
    { id, kind = 'api_key' }: { id: string; kind?: 'api_key' | 'session' },
    end: string,
  ): Promise<Answer> {
    await sql.query('BEGIN');
    await sql.query(`SELECT callers_in_force('[]', $1)`, [JSON.stringify([{ kind, id }])]);
    const answering = request();
    const early = answering.then((answer) => {
      throw new Error(`answered ${answer.status} without judging its caller again`);
    });
    early.catch(() => undefined);
    try {
      await Promise.race([untilBlocked(watcher), early]);
      await sql.query(end, [id]);
    } finally {
      await sql.query('COMMIT');
    }
    return answering;
  }

  it.each(changing)(
    'judges the caller of $name in the transaction of the change',
    async ({ route, scope }) => {
      const request = await prepared(route);
      for (const [how, { status }] of Object.entries(ENDS)) {
        for (const more of [undefined, { 'Idempotency-Key': randomUUID() }]) {
          const key = await aKey(scope);
          const before = await state(key);
          expectRefused(await endedUnderLock(() => send(request, key, more), key, ENDS_IN_SQL[how]!), status);
          expect(await state(key)).toEqual(before);
        }
      }
      const last = await send(request, await aKey(scope));
      expect(last.status).toBeLessThan(300);
    },
  );

  it.each(replayable)('replays no answer of $name to a key that has ended', async ({ route, scope }) => {
    for (const [how, { status }] of Object.entries(ENDS)) {
      const request = await prepared(route);
      const key = await aKey(scope);
      const more = { 'Idempotency-Key': randomUUID() };
      expect((await send(request, key, more)).status).toBeLessThan(300);
      expectRefused(await endedUnderLock(() => send(request, key, more), key, ENDS_IN_SQL[how]!), status);
    }
  });

  it.each(withBody)('changes nothing by $name when its session ends before its body comes', async (given) => {
    const request = await prepared(given.route);
    for (const { code, end } of Object.values(SESSION_ENDS)) {
      const key = await aKey(given.scope);
      const session = await signIn(server, key.key);
      const held = await heldRequest(server.url, request, sessionHeaders(session.client.value));
      await end(session, admin, key.id);
      const before = await state(key);
      expect((await held.finish()).body.code).toBe(code);
      expect(await state(key)).toEqual(before);
    }
    const { client } = await signIn(server, (await aKey(given.scope)).key);
    const held = await heldRequest(server.url, request, sessionHeaders(client.value));
    expect((await held.finish()).status).toBeLessThan(300);
  });

  it.each(changing)(
    'judges the session of $name in the transaction of the change',
    async ({ route, scope }) => {
      const { method, path, body } = await prepared(route);
      for (const more of [undefined, { 'Idempotency-Key': randomUUID() }]) {
        const key = await aKey(scope);
        const { client, session } = await signIn(server, key.key);
        const before = await state(key);
        const { status, body: problem } = await endedUnderLock(
          () => client.send(method, path, body, more),
          { kind: 'session', id: session.id },
          'DELETE FROM sessions WHERE id = $1',
        );
        expect([status, problem.code]).toEqual([401, 'session_ended']);
        expect(await state(key)).toEqual(before);
      }
      const { client } = await signIn(server, (await aKey(scope)).key);
      expect((await client.send(method, path, body)).status).toBeLessThan(300);
    },
  );

  it('replays no answer to a session that has ended', async () => {
    const key = await aKey('customers:write');
    const { client, session } = await signIn(server, key.key);
    const more = { 'Idempotency-Key': randomUUID() };
    const body = { id: aCustomerId(), name: 'Acme' };
    const create = (): Promise<Answer> => client.post('/api/v1/customers', body, more);
    expectStatus(await create(), 201);
    const answer = await endedUnderLock(
      create,
      { kind: 'session', id: session.id },
      'DELETE FROM sessions WHERE id = $1',
    );
    expect([answer.status, answer.body.code]).toEqual([401, 'session_ended']);
    expect(answer.headers.get('idempotent-replayed')).toBeNull();
  });

  it('delays the end of its session, and has no effect after that', async () => {
    const customer = await aCustomer(admin);
    const { client, session } = await signIn(server, (await aKey('customers:write')).key);
    await sql.query('BEGIN');
    await sql.query('SELECT FROM customers WHERE id = $1 FOR UPDATE', [customer.id]);
    const changing = client.patch(`/api/v1/customers/${customer.id}`, { name: 'Changed' });
    await untilBlocked(watcher, 1);
    let isEnded = false;
    const ending = admin.delete(`${SESSIONS}/${session.id}`).then((answer) => {
      isEnded = true;
      return answer;
    });
    await untilBlocked(watcher, 2);
    expect(isEnded).toBe(false);
    await sql.query('COMMIT');
    expectStatus(await changing, 200);
    expectStatus(await ending, 204);
  });

  it('continues when the change does not concern its own rights', async () => {
    const body = { id: aCustomerId(), name: 'Acme' };
    const key = await aKey('customers:write');
    const held = await heldRequest(
      server.url,
      { method: 'POST', path: '/api/v1/customers', body },
      { 'X-API-Key': key.key },
    );
    await admin.patch(`${KEYS}/${key.id}`, {
      name: 'renamed',
      scopes: ['customers:write', REMAINS, 'audit:read'],
    });
    await admin.post(`${KEYS}/${key.id}/rotate`, { grace_seconds: 600 });
    expect((await held.finish()).status).toBe(201);
  });

  it('is refused if it rotates a key and its secret became the previous one meanwhile', async () => {
    const key = await aKey('api-keys:manage');
    const path = `${KEYS}/${key.id}/rotate`;
    const held = await heldRequest(server.url, { method: 'POST', path, body: {} }, { 'X-API-Key': key.key });
    await admin.post(path, { grace_seconds: 600 });
    const { status, body } = await held.finish();
    expect([status, body.code]).toEqual([403, 'insufficient_scope']);
  });

  it('is judged on a public route too, if it has a key', async () => {
    const license = await aLicense(admin);
    const body = { token: license.token, module_name: license.module_name, odoo_version: '17' };
    const request = { method: 'POST', path: '/api/v1/licenses/validate', body };
    const key = await aKey('licenses:read');
    const held = await heldRequest(server.url, request, { 'X-API-Key': key.key });
    await admin.delete(`${KEYS}/${key.id}`);
    expectRefused(await held.finish(), 401);
    const narrowed = await aKey('licenses:read');
    const open = await heldRequest(server.url, request, { 'X-API-Key': narrowed.key });
    await admin.patch(`${KEYS}/${narrowed.id}`, { scopes: [REMAINS] });
    expect((await open.finish()).status).toBe(200);
  });

  it('refuses in a batch of issues the one whose key ended, and issues the others', async () => {
    const customer = await aCustomer(admin);
    const body = {
      customer_id: customer.id,
      module_name: 'payroll',
      allowed_major_versions: ['17'],
      license_type: 'perpetual',
    };
    const request = { method: 'POST', path: '/api/v1/licenses', body };
    const [ended, ...others] = await Promise.all(Array.from({ length: 8 }, () => aKey('licenses:issue')));
    await sql.query('BEGIN');
    await sql.query(`SELECT callers_in_force('[]', $1)`, [
      JSON.stringify([{ kind: 'api_key', id: ended!.id }]),
    ]);
    const answers = Promise.all([ended!, ...others].map((key) => send(request, key)));
    await untilBlocked(watcher);
    await sql.query(ENDS_IN_SQL.deleted!, [ended!.id]);
    await sql.query('COMMIT');
    expect((await answers).map(({ status }) => status)).toEqual([401, ...others.map(() => 201)]);
    const { rows } = await watcher.query(
      'SELECT count(*)::int AS count FROM licenses WHERE customer_id = $1',
      [customer.id],
    );
    expect(rows).toEqual([{ count: others.length }]);
  });

  it('delays the change that ends its key, and has no effect after that change', async () => {
    const customer = await aCustomer(admin);
    const key = await aKey('customers:write');
    await sql.query('BEGIN');
    await sql.query('SELECT FROM customers WHERE id = $1 FOR UPDATE', [customer.id]);
    const changing = send(
      { method: 'PATCH', path: `/api/v1/customers/${customer.id}`, body: { name: 'Changed' } },
      key,
    );
    await untilBlocked(watcher, 1);
    let isDeleted = false;
    const deleting = admin.delete(`${KEYS}/${key.id}`).then((answer) => {
      isDeleted = true;
      return answer;
    });
    await untilBlocked(watcher, 2);
    expect(isDeleted).toBe(false);
    await sql.query('COMMIT');
    expectStatus(await changing, 200);
    expectStatus(await deleting, 204);
  });

  it('does not wait for uses of keys that are being written', async () => {
    const key = await aKey('customers:write');
    await sql.query('BEGIN');
    await sql.query('SELECT FROM api_keys WHERE id = $1 FOR NO KEY UPDATE', [key.id]);
    expectStatus(
      await send({ method: 'POST', path: '/api/v1/customers', body: { id: aCustomerId(), name: 'A' } }, key),
      201,
    );
    await sql.query('COMMIT');
  });

  it('never deadlocks, even if keys change each other and themselves at once', async () => {
    const keys = await Promise.all(Array.from({ length: 4 }, () => aKey('api-keys:manage')));
    const requests = Array.from({ length: 60 }, (_, index) => {
      const caller = keys[index % 4]!;
      const target = keys[Math.floor(index / 4) % 4]!;
      return send({ method: 'PATCH', path: `${KEYS}/${target.id}`, body: { name: `name ${index}` } }, caller);
    });
    expect(new Set((await Promise.all(requests)).map(({ status }) => status))).toEqual(new Set([200]));
    const { rows } = await watcher.query(
      'SELECT deadlocks::int AS deadlocks FROM pg_stat_database WHERE datname = current_database()',
    );
    expect(rows).toEqual([{ deadlocks: 0 }]);
  });
});
