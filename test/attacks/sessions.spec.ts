import type { Client as Postgres } from 'pg';
import { expectStatus } from '../support/contract/expect-status';
import { superuserOf, untilBlocked } from '../support/database/sql';
import { aCustomer, anApiKey } from '../support/factories';
import { testServer, type TestServer } from '../support/processes/server';
import { Client } from '../support/requests/client';
import {
  COOKIE,
  cookieOf,
  ORIGIN,
  SessionClient,
  sessionHeaders,
  signIn,
} from '../support/sessions/session-client';

const SESSIONS = '/api/v1/sessions';
const KEYS = '/api/v1/admin/api-keys';
const CONSOLE = { 'X-Aegis-Console': '1' };

/** Beyond what test/attacks/access.spec.ts and ended-callers.spec.ts try with every route. */
describe('an attacker of sessions', () => {
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

  it('cannot plant a value that becomes a session', async () => {
    const planted = 'P'.repeat(43);
    const answer = await admin.post(SESSIONS, undefined, { ...CONSOLE, Cookie: `${COOKIE}=${planted}` });
    expectStatus(answer, 201);
    expect(cookieOf(answer)).not.toBe(planted);
    expectStatus(await new SessionClient(server.url, planted).get('/api/v1/me'), 401);
  });

  it('cannot keep the session that was in the browser when somebody else signs in', async () => {
    const mine = await signIn(server, (await anApiKey(admin)).key);
    const answer = await admin.post(SESSIONS, undefined, sessionHeaders(mine.client.value));
    expectStatus(answer, 201);
    expectStatus(await mine.client.get('/api/v1/me'), 401);
    expect((await new SessionClient(server.url, cookieOf(answer)!).get('/api/v1/me')).body).toMatchObject({
      scopes: ['admin'],
    });
  });

  it('gets no two sessions with one value, and no value that resembles another one', async () => {
    const values = new Set<string>();
    for (let count = 0; count < 20; count++) values.add((await signIn(server, server.adminKey)).client.value);
    expect(values.size).toBe(20);
    expect(new Set([...values].map((value) => value.slice(0, 8))).size).toBe(20);
  });

  it('ends no session whose value it does not have by signing in', async () => {
    const { client } = await signIn(server, server.adminKey);
    const foreign = client.value.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A'));
    const key = await anApiKey(admin);
    const answer = await new Client(server.url, key.key).post(SESSIONS, undefined, sessionHeaders(foreign));
    expectStatus(answer, 201);
    expectStatus(await client.get('/api/v1/me'), 200);
  });

  it('ends no session by a sign-in that is refused', async () => {
    const { client } = await signIn(server, server.adminKey);
    const headers = { ...sessionHeaders(client.value), 'X-API-Key': 'garbage' };
    expectStatus(await new Client(server.url).post(SESSIONS, undefined, headers), 401);
    expectStatus(await client.get('/api/v1/me'), 200);
  });

  it('gains nothing by a session: neither scopes, nor time, nor another session', async () => {
    const key = await anApiKey(admin, { scopes: ['api-keys:manage'], rate_limit_per_minute: 1000 });
    const { client } = await signIn(server, key.key);
    for (const body of [
      { name: 'x', scopes: ['admin'], rate_limit_per_minute: 1000 },
      { name: 'x', scopes: ['licenses:read'], rate_limit_per_minute: 1000 },
      { name: 'x', scopes: ['api-keys:manage'], rate_limit_per_minute: 1001 },
    ])
      expectStatus(await client.post(KEYS, body), 403);
    expectStatus(await client.patch(`${KEYS}/${key.id}`, { scopes: ['admin'] }), 403);
    expectStatus(await client.post(SESSIONS), 401);
  });

  it('has no session any longer when it has rotated the key of it', async () => {
    const key = await anApiKey(admin, { scopes: ['api-keys:manage'] });
    const { client } = await signIn(server, key.key);
    const answer = await client.post(`${KEYS}/${key.id}/rotate`, { grace_seconds: 600 });
    expectStatus(answer, 200);
    expectStatus(await client.get('/api/v1/me'), 401);
    expectStatus(await new Client(server.url, answer.body.key as string).get('/api/v1/me'), 200);
  });

  it('opens no session with a key that ends meanwhile', async () => {
    const key = await anApiKey(admin);
    await sql.query('BEGIN');
    await sql.query(`SELECT callers_in_force('[]', $1)`, [JSON.stringify([{ kind: 'api_key', id: key.id }])]);
    const opening = new Client(server.url, key.key).post(SESSIONS, undefined, CONSOLE);
    await untilBlocked(watcher);
    await sql.query('UPDATE api_keys SET is_active = false WHERE id = $1', [key.id]);
    await sql.query('COMMIT');
    const { status, headers } = await opening;
    expect([status, headers.getSetCookie()]).toEqual([401, []]);
    const { rows } = await sql.query('SELECT count(*)::int AS count FROM sessions WHERE api_key_id = $1', [
      key.id,
    ]);
    expect(rows).toEqual([{ count: 0 }]);
  });

  it('has no effect in a batch of issues when its session ends; those of the others are done', async () => {
    const customer = await aCustomer(admin);
    const body = {
      customer_id: customer.id,
      module_name: 'payroll',
      allowed_major_versions: ['17'],
      license_type: 'perpetual',
    };
    const signedIn = await Promise.all(
      Array.from({ length: 4 }, async () =>
        signIn(server, (await anApiKey(admin, { scopes: ['licenses:issue'] })).key),
      ),
    );
    const [ended] = signedIn;
    await sql.query('BEGIN');
    await sql.query(`SELECT callers_in_force('[]', $1)`, [
      JSON.stringify([{ kind: 'session', id: ended!.session.id }]),
    ]);
    const answers = Promise.all(signedIn.map(({ client }) => client.post('/api/v1/licenses', body)));
    await untilBlocked(watcher);
    await sql.query('DELETE FROM sessions WHERE id = $1', [ended!.session.id]);
    await sql.query('COMMIT');
    expect((await answers).map(({ status }) => status)).toEqual([401, 201, 201, 201]);
  });

  it('learns nothing of a session from another origin: the refusal does not depend on it', async () => {
    const { client } = await signIn(server, server.adminKey);
    const texts = new Set<string>();
    for (const value of [client.value, 'A'.repeat(43), 'garbage']) {
      const headers = sessionHeaders(value, 'https://evil.example');
      const { status, body } = await new Client(server.url).post('/api/v1/customers', {}, headers);
      texts.add(JSON.stringify([status, { ...body, request_id: '' }]));
    }
    expect(texts.size).toBe(1);
  });

  it('reads nothing by a form or a page without the header, from whatever origin', async () => {
    const { client } = await signIn(server, server.adminKey);
    const response = await fetch(`${server.url}/api/v1/customers`, {
      method: 'POST',
      headers: {
        Cookie: `${COOKIE}=${client.value}`,
        Origin: ORIGIN,
        'Content-Type': 'application/x-www-form-urlencoded',
      },
      body: 'id=evil&name=Evil',
    });
    expect(response.status).toBe(401);
  });
});
