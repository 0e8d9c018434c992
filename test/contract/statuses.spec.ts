import { ROUTE_ACCESS, scopesOf } from '../support/contract/route-access';
import { type Answer, Client } from '../support/requests/client';
import { checkAgainstContract } from '../support/contract/contract-check';
import { readContract, type Route, routesOf } from '../support/contract/contract';
import {
  exampleBody,
  exampleQuery,
  type Ids,
  pathOf,
  someIds,
  UNKNOWN_IDS,
} from '../support/contract/example-requests';
import { SessionClient } from '../support/sessions/session-client';
import { exchange } from '../support/requests/raw-http';
import { testServer, type TestServer } from '../support/processes/server';
import { anApiKey, aWebhook } from '../support/factories';
import { giveKeySet } from '../support/keys/signing-keys';
import { freePort } from '../support/processes/free-port';
import { START_PATIENCE_MS } from '../support/processes/server-process';
import { superuserOf } from '../support/database/sql';
import { until } from '../support/until';

const contract = readContract();

/** The routes that declare a status. */
function declaring(status: number): Route[] {
  return routesOf(contract).filter(({ operation }) => operation.responses[String(status)] !== undefined);
}

/** Public operations and probes ignore what carries no meaning: test/contract/forgiving.spec.ts. */
function isPublic({ operation: { security } }: Route): boolean {
  return security.length === 0 || security.some((requirement) => Object.keys(requirement).length === 0);
}

/** The credential of these is the license token in their body. */
function isOfInstallation({ path, operation }: Route): boolean {
  return (
    path.startsWith('/api/v1/activations') &&
    !['renewActivations', 'inspectOfflineRequest'].includes(operation.operationId)
  );
}

function nameOf({ method, path }: Route): string {
  return `${method} ${path}`;
}

function named(routes: Route[]): [string, Route][] {
  return routes.map((route) => [route.operation.operationId, route]);
}

function send(
  client: Client,
  route: Route,
  ids: Ids,
  change: { query?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const body = 'body' in change ? change.body : exampleBody(route);
  return client.send(
    route.method,
    pathOf(route, ids) + (change.query ?? exampleQuery(route)),
    body,
    change.headers,
  );
}

describe('each operation that declares it answers', () => {
  let server: TestServer;
  let admin: Client;
  let ids: Ids;

  beforeAll(async () => {
    server = await testServer({ variables: { VALIDATION_REQUIRES_API_KEY: 'true' } });
    admin = new Client(server.url, server.adminKey);
    ids = await someIds(admin);
    await giveKeySet(server);
  });
  afterAll(() => server.close());

  it.each(named(declaring(400).filter(isPublic)))('400 to a request without Host: %s', async (_, route) => {
    const answer = await exchange(
      server.url,
      `${route.method} ${pathOf(route, ids)} HTTP/1.1\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    checkAgainstContract(route.method, pathOf(route, ids), answer!);
  });

  const closed = declaring(400).filter((route) => !isPublic(route));
  it.each(named(closed))('400 to a query that is not UTF-8: %s', async (_, route) => {
    const answer = await send(admin, route, ids, { query: '?q=%ff' });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });

  it.each(named(declaring(401)))('401 to a text that is not a key: %s', async (_, route) => {
    const answer = await send(new Client(server.url, 'garbage'), route, ids);
    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="aegis", error="invalid_token"');
  });

  const scoped = declaring(403).filter((route) => {
    const access = new Map(ROUTE_ACCESS).get(nameOf(route)) ?? '';
    return access.includes(':') || route.operation.operationId === 'validateLicense';
  });
  it.each(named(scoped))('403 to a key without the scope, which detail names: %s', async (_, route) => {
    const access = new Map(ROUTE_ACCESS).get(nameOf(route)) ?? '';
    const made = await admin.post('/api/v1/admin/api-keys', {
      name: 'narrow',
      scopes: [access === 'webhooks:manage' ? 'stats:read' : 'webhooks:manage'],
    });
    const answer = await send(new Client(server.url, made.body.key as string), route, ids);
    expect(answer).toMatchObject({ status: 403, body: { code: 'insufficient_scope' } });
    // Here it is closed to callers without the scope.
    const lacking = access === 'public' ? 'licenses:validate' : scopesOf(access).join(', ');
    expect(answer.body.detail).toBe(`The API key lacks the scope ${lacking}.`);
  });

  const takesSessions = routesOf(contract).filter(({ operation: { security } }) =>
    security.some((requirement) => 'session' in requirement),
  );
  it.each(named(takesSessions))('401 to a session that has ended: %s', async (_, route) => {
    const client = new SessionClient(server.url, 'A'.repeat(43));
    const answer = await send(client, route, ids);
    expect(answer).toMatchObject({ status: 401, body: { code: 'session_ended' } });
  });

  const changing = takesSessions.filter(({ method }) => method !== 'GET');
  it.each(named(changing))('403 to a session whose page is of another origin: %s', async (_, route) => {
    const client = new SessionClient(server.url, 'A'.repeat(43));
    const answer = await send(client, route, ids, { headers: { Origin: 'https://evil.example' } });
    expect(answer).toMatchObject({ status: 403, body: { code: 'origin_refused' } });
  });

  it('takes sessions on each route that takes keys, except for the one that opens them', () => {
    const takesKeys = routesOf(contract).filter(({ operation: { security } }) => security.length > 0);
    const named = new Set(takesSessions.map(nameOf));
    const others = takesKeys.map(nameOf).filter((name) => !named.has(name));
    expect(others).toEqual(['POST /api/v1/sessions']);
  });

  const withParameter = declaring(404).filter(
    (route) => route.path.includes('{') && !isOfInstallation(route),
  );
  it.each(named(withParameter))('404 where the path names nothing: %s', async (_, route) => {
    const answer = await send(admin, route, UNKNOWN_IDS);
    expect(answer.status).toBe(404);
    expect(answer.body.code).toMatch(
      /^(license|activation|customer|api_key|session|signing_key|webhook|delivery|status_list|audit_record)_not_found$|^not_found$/,
    );
  });

  it.each(named(declaring(406)))('406 to who takes pictures alone: %s', async (_, route) => {
    const answer = await send(admin, route, ids, { headers: { Accept: 'image/png' } });
    expect(answer).toMatchObject({ status: 406, body: { code: 'not_acceptable' } });
  });

  it.each(named(declaring(412)))('412 to who saw another state: %s', async (_, route) => {
    const answer = await send(admin, route, ids, { headers: { 'If-Match': '"another"' } });
    expect(answer).toMatchObject({ status: 412, body: { code: 'precondition_failed' } });
  });

  it.each(named(declaring(413)))('413 to a body that is too large: %s', async (_, route) => {
    const isBatch = ['validateLicenses', 'renewActivations'].includes(route.operation.operationId);
    const limit = isBatch ? 2 * 1024 * 1024 : 64 * 1024;
    const answer = await send(admin, route, ids, { body: `"${'x'.repeat(limit)}"` });
    expect(answer).toMatchObject({ status: 413, body: { code: 'payload_too_large' } });
  });

  it.each(named(declaring(415)))('415 to a body that is not JSON by its type: %s', async (_, route) => {
    const answer = await send(admin, route, ids, { headers: { 'Content-Type': 'text/plain' } });
    expect(answer).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
  });

  it.each(named(routesOf(contract).filter(isOfInstallation)))(
    '403 to a token that proves nothing: %s',
    async (_, route) => {
      const answer = await send(new Client(server.url), route, ids);
      expect(answer).toMatchObject({
        status: 403,
        body: { code: 'license_not_valid', verdict: { code: 'MALFORMED' } },
      });
    },
  );

  it('409 to the removal of the last admin key: deleteApiKey', async () => {
    const { body: me } = await admin.get('/api/v1/me');
    const answer = await admin.delete(`/api/v1/admin/api-keys/${me.id as string}`);
    expect(answer).toMatchObject({ status: 409, body: { code: 'last_admin_key' } });
  });

  it('409 to the weakening of the last admin key: updateApiKey', async () => {
    const { body: me } = await admin.get('/api/v1/me');
    const answer = await admin.patch(`/api/v1/admin/api-keys/${me.id as string}`, { is_active: false });
    expect(answer).toMatchObject({ status: 409, body: { code: 'last_admin_key' } });
  });

  it('409 while no checkpoint seals the record: getInclusionProof', async () => {
    const sql = await superuserOf(server);
    // A transaction that has begun to write: what is recorded after it is sealed after it.
    await sql.query('BEGIN');
    await sql.query('SELECT pg_current_xact_id()');
    await admin.post('/api/v1/admin/api-keys', { name: 'recorded', scopes: ['stats:read'] });
    const { body } = await admin.get('/api/v1/admin/audit-logs?page_size=1');
    const answer = await admin.get(`/api/v1/admin/audit-logs/${body.audit_logs[0].id as string}/proof`);
    await sql.query('COMMIT');
    await sql.end();
    expect(answer).toMatchObject({ status: 409, body: { code: 'audit_record_not_sealed' } });
  });

  it.each<[string, string, () => Promise<string>, number, object | undefined]>([
    [
      'createApiKey',
      'POST',
      () => Promise.resolve('/api/v1/admin/api-keys'),
      201,
      { name: 'sent twice', scopes: ['stats:read'] },
    ],
    [
      'rotateApiKey',
      'POST',
      async () => `/api/v1/admin/api-keys/${(await anApiKey(admin)).id}/rotate`,
      200,
      {},
    ],
    [
      'rotateWebhook',
      'POST',
      async () => `/api/v1/admin/webhooks/${(await aWebhook(admin)).id}/rotate`,
      200,
      {},
    ],
    [
      'deleteWebhook',
      'DELETE',
      async () => `/api/v1/admin/webhooks/${(await aWebhook(admin)).id}`,
      204,
      undefined,
    ],
  ])(
    '409 where the first answer can no longer be read: %s',
    async (operation, method, pathOfIt, status, body) => {
      const path = await pathOfIt();
      const repeated = (): Promise<Answer> =>
        admin.send(method, path, body, { 'Idempotency-Key': operation });
      expect((await repeated()).status).toBe(status);
      const sql = await superuserOf(server);
      await sql.query(`UPDATE idempotency_keys SET pepper_version = 'v0'`);
      await sql.end();
      expect(await repeated()).toMatchObject({ status: 409, body: { code: 'answer_unreadable' } });
    },
  );

  it.each(named(declaring(422).filter(isPublic)))('422 to what breaks a rule: %s', async (_, route) => {
    const nothing = Object.fromEntries(Object.keys(ids).map((before) => [before, '%20'])) as unknown as Ids;
    const answer = await send(admin, route, nothing, {
      ...(exampleBody(route) !== undefined && { body: {} }),
    });
    expect(answer).toMatchObject({ status: 422, body: { code: 'validation_failed' } });
  });

  const strict = declaring(422).filter((route) => !isPublic(route));
  it.each(named(strict))('422 to an unknown parameter: %s', async (_, route) => {
    const answer = await send(admin, route, ids, { query: '?surprise=1' });
    expect(answer).toMatchObject({
      status: 422,
      body: {
        code: 'validation_failed',
        errors: expect.arrayContaining([{ field: 'surprise', message: 'is not a known parameter' }]),
      },
    });
  });

  it.each(named(declaring(304)))('304 to who holds the present state: %s', async (_, route) => {
    const first = await send(admin, route, ids);
    const held = first.headers.get('etag') ?? '';
    expect(held).toMatch(/^".+"$/);
    const again = await send(admin, route, ids, { headers: { 'If-None-Match': held } });
    expect(again).toMatchObject({ status: 304, body: '' });
    expect(again.headers.get('etag')).toBe(held);
  });
});

describe('where every limit is one a minute, each limited operation answers', () => {
  let server: TestServer;
  let nobody: Client;

  beforeAll(async () => {
    const one = { RATE_LIMIT_DEFAULT: '1', RATE_LIMIT_PUBLIC: '1', RATE_LIMIT_VALIDATE: '1' };
    server = await testServer({ variables: one });
    nobody = new Client(server.url);
    for (const path of ['/api/v1/me', '/info']) await nobody.get(path);
    await nobody.post('/api/v1/licenses/validate', {});
  });
  afterAll(() => server.close());

  it.each(named(declaring(429)))('429 to the second request: %s', async (_, route) => {
    const answer = await send(nobody, route, UNKNOWN_IDS);
    expect(answer).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(answer.headers.get('x-ratelimit-remaining')).toBe('0');
  });

  const unlimited = routesOf(contract).filter(({ operation }) => !('429' in operation.responses));
  it.each(named(unlimited))('never 429: %s', async (_, route) => {
    for (let request = 0; request < 3; request++)
      expect((await send(nobody, route, UNKNOWN_IDS)).status).not.toBe(429);
    expect((await send(nobody, route, UNKNOWN_IDS)).headers.has('ratelimit')).toBe(false);
  });
});

describe('where the database is gone, each operation that needs it answers', () => {
  let server: TestServer;
  let admin: Client;

  beforeAll(async () => {
    server = await testServer();
    admin = new Client(server.url, server.adminKey);
    await server.database.takeAway();
  });
  afterAll(() => server.close());

  const needing = declaring(503).filter(({ operation }) => operation.operationId !== 'getStartup');
  it.each(named(needing))('503: %s', async (_, route) => {
    const answer = await send(admin, route, UNKNOWN_IDS);
    expect(answer.status).toBe(503);
    if (!route.path.startsWith('/health')) {
      expect(answer.body.code).toBe('service_unavailable');
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      // Why is for the log alone.
      expect(JSON.stringify(answer.body)).not.toMatch(/connect|postgres|ECONN|terminat/i);
    }
  });
});

it('getStartup answers 503 until the start is complete', async () => {
  const before = await testServer();
  const sql = await superuserOf(before);
  await sql.query('BEGIN');
  // The first admin key can't be made: the server listens, and is not through with its start.
  await sql.query('LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE');
  const port = String(await freePort());
  const starting = testServer({
    database: before.database,
    keysDir: before.keysDir,
    variables: { PORT: port, DB_LOCK_TIMEOUT_MS: '60000', DB_STATEMENT_TIMEOUT_MS: '60000' },
  });
  const client = new Client(`http://127.0.0.1:${port}`);
  const isLive = (): Promise<boolean> =>
    client.get('/health/live').then(
      ({ status }) => status === 200,
      () => false,
    );
  await until('it listens', isLive, START_PATIENCE_MS);
  expect(await client.get('/health/startup')).toMatchObject({ status: 503, body: { status: 'unhealthy' } });
  expect(await client.get('/health/ready')).toMatchObject({ status: 503, body: { status: 'unhealthy' } });
  await sql.query('COMMIT');
  const server = await starting;
  expect(await client.get('/health/startup')).toMatchObject({ status: 200, body: { status: 'healthy' } });
  await sql.end();
  await server.close();
  await before.close();
});
