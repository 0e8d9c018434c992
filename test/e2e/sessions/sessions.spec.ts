import type { Client as Postgres } from 'pg';
import { createHash } from 'node:crypto';
import { expectStatus } from '../../support/contract/expect-status';
import { superuserOf } from '../../support/database/sql';
import { aCustomerId, anApiKey } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { type Answer, Client } from '../../support/requests/client';
import {
  COOKIE,
  cookieOf,
  ORIGIN,
  SessionClient,
  sessionHeaders,
  type ShownSession,
  signIn,
} from '../../support/sessions/session-client';
import { until } from '../../support/until';

const SESSIONS = '/api/v1/sessions';
const KEYS = '/api/v1/admin/api-keys';
const CONSOLE = { 'X-Aegis-Console': '1' };
const VALUE = /^[A-Za-z0-9_-]{43}$/;
const HOUR_MS = 3_600_000;

describe('sessions', () => {
  let server: TestServer;
  let admin: Client;
  let sql: Postgres;

  beforeAll(async () => {
    server = await testServer();
    admin = new Client(server.url, server.adminKey);
    sql = await superuserOf(server);
  });
  afterAll(async () => {
    await sql.end();
    await server.close();
  });

  const aKey = (...scopes: string[]) => anApiKey(admin, { scopes });
  const setTimes = (id: string, assignment: string): Promise<unknown> =>
    sql.query(`UPDATE sessions SET ${assignment} WHERE id = $1`, [id]);

  function expectProblem({ status, body }: Answer, expected: number, code: string): void {
    expect({ status, code: body.code as unknown }).toEqual({ status: expected, code });
  }
  async function expectEnded(client: Client): Promise<void> {
    expectProblem(await client.get('/api/v1/me'), 401, 'session_ended');
  }
  async function records(type: string, id: string): Promise<Record<string, unknown>[]> {
    const { rows } = await sql.query(
      `SELECT event_data AS data, actor, api_key_id FROM audit_logs WHERE event_type = $1 AND event_data ->> 'id' = $2`,
      [type, id],
    );
    return rows as Record<string, unknown>[];
  }

  describe('are opened with an API key', () => {
    it('and say until when they last and what their key may do', async () => {
      const key = await aKey('licenses:read', 'customers:write');
      const answer = await new Client(server.url, key.key).post(SESSIONS, undefined, CONSOLE);
      expectStatus(answer, 201);
      const session = answer.body as unknown as ShownSession;
      expect(answer.body).toEqual({
        id: expect.any(String),
        created_at: expect.any(String),
        expires_at: expect.any(String),
        idle_expires_at: expect.any(String),
        last_used_at: expect.any(String),
        api_key: { id: key.id, name: 'a key', prefix: `aegis_test_${key.id}` },
        scopes: ['licenses:read', 'customers:write'],
      });
      const lasts = (until: string): number => Date.parse(until) - Date.parse(session.last_used_at);
      expect(lasts(session.expires_at)).toBe(12 * HOUR_MS);
      expect(lasts(session.idle_expires_at)).toBe(HOUR_MS);
      expect(answer.headers.get('location')).toBe(`${SESSIONS}/${session.id}`);
      expect(answer.headers.get('cache-control')).toBe('no-store');
    });

    it('in a cookie that scripts and other pages cannot use, with a value of 256 random bits', async () => {
      const answer = await admin.post(SESSIONS, {}, CONSOLE);
      const value = cookieOf(answer)!;
      expect(value).toMatch(VALUE);
      expect(answer.headers.getSetCookie()).toEqual([
        `${COOKIE}=${value}; Path=/; HttpOnly; SameSite=Strict`,
      ]);
      expect(JSON.stringify(answer.body)).not.toContain(value);
    });

    it('only for pages that send X-Aegis-Console: 1', async () => {
      for (const headers of [undefined, { 'X-Aegis-Console': '0' }, { 'X-Aegis-Console': 'true' }]) {
        const answer = await admin.post(SESSIONS, undefined, headers);
        expectProblem(answer, 400, 'invalid_request');
        expect(answer.body.detail).toContain('X-Aegis-Console');
        expect(answer.headers.getSetCookie()).toEqual([]);
      }
    });

    it('not from a page of another origin', async () => {
      for (const origin of ['https://evil.example', 'null', `${ORIGIN}.evil.example`]) {
        const answer = await admin.post(SESSIONS, undefined, { ...CONSOLE, Origin: origin });
        expectProblem(answer, 403, 'origin_refused');
        expect(answer.body.detail).toBe(`The header Origin must be ${ORIGIN}.`);
        expect(answer.headers.getSetCookie()).toEqual([]);
      }
    });

    it('not without a key, with a bad one, or with another session', async () => {
      const { client } = await signIn(server, server.adminKey);
      expectProblem(await new Client(server.url).post(SESSIONS, undefined, CONSOLE), 401, 'unauthorized');
      expectProblem(
        await new Client(server.url, 'garbage').post(SESSIONS, undefined, CONSOLE),
        401,
        'unauthorized',
      );
      const answer = await client.post(SESSIONS);
      expectProblem(answer, 401, 'unauthorized');
      expect(answer.headers.getSetCookie()).toEqual([]);
    });

    it('not with a secret that was replaced, even in its grace', async () => {
      const key = await aKey('licenses:read');
      await admin.post(`${KEYS}/${key.id}/rotate`, { grace_seconds: 600 });
      const former = new Client(server.url, key.key);
      expectStatus(await former.get('/api/v1/me'), 200);
      expectProblem(await former.post(SESSIONS, undefined, CONSOLE), 403, 'insufficient_scope');
    });

    it('and are stored as a hash, under a pepper: a row that somebody wrote is no session', async () => {
      const { session, client } = await signIn(server, server.adminKey);
      const { rows: found } = await sql.query(
        `SELECT count(*)::int AS count FROM sessions
         WHERE sessions::text LIKE '%' || $1 || '%' OR token_hash = sha256($1::bytea)`,
        [client.value],
      );
      expect(found).toEqual([{ count: 0 }]);
      const value = 'C'.repeat(43);
      const texts = [value, `aegis session ${value}`];
      for (const text of texts)
        await sql.query(
          `INSERT INTO sessions (id, token_hash, api_key_id, expires_at, last_used_at)
           VALUES (gen_random_uuid(), sha256($1::bytea), $2, clock_timestamp() + interval '1 hour', clock_timestamp())`,
          [text, session.api_key.id],
        );
      await expectEnded(new SessionClient(server.url, value));
    });

    it('at most 100 at once: the one that was unused for longest ends', async () => {
      const key = await aKey('licenses:read');
      const { session, client } = await signIn(server, key.key);
      await setTimes(session.id, `last_used_at = last_used_at - interval '10 minutes'`);
      await sql.query(
        `INSERT INTO sessions (id, token_hash, api_key_id, expires_at, last_used_at)
         SELECT gen_random_uuid(), sha256(number::text::bytea), $1, clock_timestamp() + interval '1 hour', clock_timestamp()
           FROM generate_series(1, 99) AS number`,
        [key.id],
      );
      expectStatus(await client.get('/api/v1/me'), 200);
      await signIn(server, key.key);
      await expectEnded(client);
      expect(await records('session.ended', session.id)).toMatchObject([{ data: { reason: 'too_many' } }]);
    });
  });

  describe('stand for their key', () => {
    it('with its scopes, and as its audit actor', async () => {
      const key = await aKey('customers:write');
      const { session, client } = await signIn(server, key.key);
      const id = aCustomerId();
      expectStatus(await client.post('/api/v1/customers', { id, name: 'Acme' }), 201);
      expectProblem(await client.get('/api/v1/licenses'), 403, 'insufficient_scope');
      const { rows } = await sql.query(
        `SELECT actor, api_key_id, event_data ->> 'session_id' AS session_id FROM audit_logs WHERE customer_id = $1`,
        [id],
      );
      expect(rows).toEqual([{ actor: `api_key:${key.id}`, api_key_id: key.id, session_id: session.id }]);
      expect((await client.get('/api/v1/me')).body).toMatchObject({
        id: key.id,
        scopes: ['customers:write'],
      });
    });

    it('with the scopes that it has now', async () => {
      const key = await aKey('licenses:read', 'customers:read');
      const { client } = await signIn(server, key.key);
      expectStatus(await client.get('/api/v1/customers'), 200);
      await admin.patch(`${KEYS}/${key.id}`, { scopes: ['licenses:read'] });
      expectProblem(await client.get('/api/v1/customers'), 403, 'insufficient_scope');
      expect((await client.get(`${SESSIONS}/current`)).body).toMatchObject({ scopes: ['licenses:read'] });
      await admin.patch(`${KEYS}/${key.id}`, { scopes: ['customers:read'] });
      expectStatus(await client.get('/api/v1/customers'), 200);
    });

    it('in its idempotency keys: another session of the key gets the first answer again', async () => {
      const key = await aKey('customers:write');
      const [one, other] = [await signIn(server, key.key), await signIn(server, key.key)];
      const headers = { 'Idempotency-Key': `console-${key.id}` };
      const body = { id: aCustomerId(), name: 'Acme' };
      expectStatus(await one.client.post('/api/v1/customers', body, headers), 201);
      for (const client of [other.client, new Client(server.url, key.key)]) {
        const answer = await client.post('/api/v1/customers', body, headers);
        expectStatus(answer, 201);
        expect(answer.headers.get('idempotent-replayed')).toBe('true');
      }
    });
  });

  describe('end', () => {
    it('when they sign out, and the browser forgets the cookie', async () => {
      const { session, client } = await signIn(server, server.adminKey);
      const answer = await client.delete(`${SESSIONS}/current`);
      expectStatus(answer, 204);
      expect(answer.headers.getSetCookie()).toEqual([
        `${COOKIE}=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Strict`,
      ]);
      await expectEnded(client);
      expect(await records('session.ended', session.id)).toMatchObject([
        { data: { id: session.id, api_key_id: session.api_key.id, reason: 'signed_out' } },
      ]);
    });

    it('when the same browser signs in again', async () => {
      const { session, client } = await signIn(server, server.adminKey);
      const other = await aKey('licenses:read');
      const answer = await new Client(server.url, other.key).post(SESSIONS, undefined, {
        ...CONSOLE,
        Cookie: `theme=dark; ${COOKIE}=${client.value}`,
      });
      expectStatus(answer, 201);
      expect(cookieOf(answer)).not.toBe(client.value);
      await expectEnded(client);
      expect(await records('session.ended', session.id)).toMatchObject([{ data: { reason: 'replaced' } }]);
    });

    it('12 hours after they were opened, and after an hour without a request', async () => {
      const { session, client } = await signIn(server, server.adminKey);
      await setTimes(session.id, `last_used_at = clock_timestamp() - interval '59 minutes'`);
      expectStatus(await client.get('/api/v1/me'), 200);
      await until('the use is written', async () => {
        const { rows } = await sql.query(
          `SELECT last_used_at > clock_timestamp() - interval '50 minutes' AS written FROM sessions WHERE id = $1`,
          [session.id],
        );
        return (rows as { written: boolean }[])[0]?.written === true;
      });
      await setTimes(session.id, `last_used_at = clock_timestamp() - interval '1 hour'`);
      await expectEnded(client);
      await setTimes(session.id, `last_used_at = clock_timestamp()`);
      expectStatus(await client.get('/api/v1/me'), 200);
      await setTimes(session.id, `expires_at = clock_timestamp()`);
      await expectEnded(client);
    });

    it.each<[string, (id: string) => Promise<unknown>]>([
      ['deleted', (id) => admin.delete(`${KEYS}/${id}`)],
      ['deactivated', (id) => admin.patch(`${KEYS}/${id}`, { is_active: false })],
      ['rotated', (id) => admin.post(`${KEYS}/${id}/rotate`, {})],
      ['rotated with a grace', (id) => admin.post(`${KEYS}/${id}/rotate`, { grace_seconds: 600 })],
    ])('with their key: %s', async (_, end) => {
      const key = await aKey('licenses:read');
      const { client } = await signIn(server, key.key);
      await end(key.id);
      await expectEnded(client);
      await admin.patch(`${KEYS}/${key.id}`, { is_active: true });
      await expectEnded(client);
    });

    it('with the time of their key, also if it is extended later', async () => {
      const key = await anApiKey(admin, { expires_at: new Date(Date.now() + HOUR_MS).toISOString() });
      const { session, client } = await signIn(server, key.key);
      expect(Date.parse(session.expires_at)).toBeLessThan(Date.parse(session.created_at) + 2 * HOUR_MS);
      await sql.query(`UPDATE api_keys SET expires_at = clock_timestamp() WHERE id = $1`, [key.id]);
      await expectEnded(client);
      await admin.patch(`${KEYS}/${key.id}`, { expires_at: null });
      await expectEnded(client);
    });

    it('not when the key gets a hash under a newer pepper', async () => {
      const key = await aKey('licenses:read');
      const { client } = await signIn(server, key.key);
      await sql.query(
        `UPDATE api_keys SET hash = decode(repeat('ab', 32), 'hex'), pepper_version = 'v2' WHERE id = $1`,
        [key.id],
      );
      expectStatus(await client.get('/api/v1/me'), 200);
    });
  });

  describe('are listed and ended', () => {
    it('by their own key alone, and by keys with api-keys:manage', async () => {
      const [one, other, manager] = [
        await aKey('licenses:read'),
        await aKey('admin'),
        await aKey('api-keys:manage'),
      ];
      const mine = await signIn(server, one.key);
      const theirs = await signIn(server, other.key);
      const listed = async (client: Client): Promise<string[]> =>
        ((await client.get(`${SESSIONS}?page_size=100`)).body.sessions as ShownSession[]).map(({ id }) => id);
      expect(await listed(mine.client)).toEqual([mine.session.id]);
      expect(await listed(new Client(server.url, one.key))).toEqual([mine.session.id]);
      const all = await listed(new Client(server.url, manager.key));
      expect(all).toEqual(expect.arrayContaining([mine.session.id, theirs.session.id]));
      expectStatus(await mine.client.get(`${SESSIONS}/${mine.session.id}`), 200);
      for (const answer of [
        await mine.client.get(`${SESSIONS}/${theirs.session.id}`),
        await mine.client.delete(`${SESSIONS}/${theirs.session.id}`),
      ])
        expectProblem(answer, 404, 'session_not_found');
      expectStatus(await theirs.client.get('/api/v1/me'), 200);
      const managing = new Client(server.url, manager.key);
      expectStatus(await managing.get(`${SESSIONS}/${theirs.session.id}`), 200);
      expectStatus(await managing.delete(`${SESSIONS}/${theirs.session.id}`), 204);
      await expectEnded(theirs.client);
      expectProblem(await managing.delete(`${SESSIONS}/${theirs.session.id}`), 404, 'session_not_found');
      expect(await records('session.ended', theirs.session.id)).toMatchObject([
        { actor: `api_key:${manager.id}`, data: { api_key_id: other.id, reason: 'ended' } },
      ]);
      expectStatus(await mine.client.delete(`${SESSIONS}/${mine.session.id}`), 204);
      await expectEnded(mine.client);
    });

    it('newest first, by cursor, without those that have expired', async () => {
      const key = await aKey('licenses:read');
      const opened = [];
      for (let count = 0; count < 4; count++) opened.push(await signIn(server, key.key));
      const [left, second, third, expired] = opened;
      await setTimes(left!.session.id, `last_used_at = clock_timestamp() - interval '1 hour'`);
      await setTimes(expired!.session.id, 'expires_at = clock_timestamp()');
      const client = new Client(server.url, key.key);
      const first = await client.get(`${SESSIONS}?page_size=1`);
      expect(first.body).toMatchObject({ total: 2, sessions: [{ id: third!.session.id }] });
      const next = await client.get(`${SESSIONS}?page_size=1&cursor=${String(first.body.next_cursor)}`);
      expect(next.body).toMatchObject({ next_cursor: null, sessions: [{ id: second!.session.id }] });
      expectProblem(await client.get(`${SESSIONS}/${left!.session.id}`), 404, 'session_not_found');
      const csv = await client.get(SESSIONS, { Accept: 'text/csv' });
      expect(String(csv.body).trim().split('\r\n')).toHaveLength(3);
    });

    it('as `current` only by themselves', async () => {
      const { session, client } = await signIn(server, server.adminKey);
      expect((await client.get(`${SESSIONS}/current`)).body).toMatchObject({ id: session.id });
      for (const answer of [
        await admin.get(`${SESSIONS}/current`),
        await admin.delete(`${SESSIONS}/current`),
      ])
        expectProblem(answer, 404, 'session_not_found');
    });
  });

  describe('count for nothing', () => {
    it('without X-Aegis-Console: 1: the cookie is ignored', async () => {
      const { client } = await signIn(server, server.adminKey);
      const bare = new Client(server.url);
      const cookie = { Cookie: `${COOKIE}=${client.value}`, Origin: ORIGIN };
      for (const headers of [cookie, { ...cookie, 'X-Aegis-Console': '2' }])
        expectProblem(await bare.get('/api/v1/me', headers), 401, 'unauthorized');
      expectStatus(await bare.get('/info', { Cookie: `${COOKIE}=garbage` }), 200);
    });

    it('next to an API key, which wins', async () => {
      const key = await aKey('licenses:read');
      const { client } = await signIn(server, server.adminKey);
      for (const [header, credential] of [
        ['X-API-Key', key.key],
        ['Authorization', `Bearer ${key.key}`],
      ] as const) {
        const evil = { ...sessionHeaders(client.value, 'https://evil.example'), [header]: credential };
        expect((await new Client(server.url).get('/api/v1/me', evil)).body).toMatchObject({ id: key.id });
        const answer = await new Client(server.url).post(
          '/api/v1/customers',
          { id: aCustomerId(), name: 'A' },
          evil,
        );
        expectProblem(answer, 403, 'insufficient_scope');
      }
      expectProblem(await client.get('/api/v1/me', { 'X-API-Key': 'garbage' }), 401, 'unauthorized');
    });

    it.each([
      ['no origin', undefined],
      ['another origin', 'https://evil.example'],
      ['an opaque origin', 'null'],
      ['an origin that begins in the same way', `${ORIGIN}0`],
    ])('for changes with %s', async (_, origin) => {
      const { client } = await signIn(server, server.adminKey);
      const headers = { ...CONSOLE, Cookie: `${COOKIE}=${client.value}`, ...(origin && { Origin: origin }) };
      const bare = new Client(server.url);
      const id = aCustomerId();
      expectProblem(await bare.post('/api/v1/customers', { id, name: 'A' }, headers), 403, 'origin_refused');
      expectProblem(await admin.get(`/api/v1/customers/${id}`), 404, 'customer_not_found');
      expectStatus(await bare.get('/api/v1/me', headers), 200);
    });

    it.each([
      [
        'a value that was changed',
        (value: string) => `${COOKIE}=${value.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))}`,
      ],
      ['an unknown value', () => `${COOKIE}=${'A'.repeat(43)}`],
      ['an empty value', () => `${COOKIE}=`],
      ['a quoted value', (value: string) => `${COOKIE}="${value}"`],
      ['two values', (value: string) => `${COOKIE}=${value}; ${COOKIE}=${value}`],
      ['a long value', (value: string) => `${COOKIE}=${value}${'x'.repeat(8000)}`],
      ['its hash', (value: string) => `${COOKIE}=${createHash('sha256').update(value).digest('base64url')}`],
    ])('with %s', async (_, cookie) => {
      const { client } = await signIn(server, server.adminKey);
      const answer = await new Client(server.url).get('/api/v1/me', {
        ...CONSOLE,
        Cookie: cookie(client.value),
      });
      expectProblem(answer, 401, 'session_ended');
      expect(answer.body.detail).toBe('The session has ended: sign in again.');
      expectStatus(await client.get('/api/v1/me'), 200);
    });

    it('only under their own name, among other cookies', async () => {
      const { client } = await signIn(server, server.adminKey);
      const bare = new Client(server.url);
      const among = `a=1; x${COOKIE}=evil; ${COOKIE}=${client.value}; ${COOKIE}2=evil`;
      expectStatus(await bare.get('/api/v1/me', { ...CONSOLE, Cookie: among }), 200);
      for (const name of [`__Host-${COOKIE}`, COOKIE.toUpperCase(), `${COOKIE} `])
        expectProblem(
          await bare.get('/api/v1/me', { ...CONSOLE, Cookie: `${name}=${client.value}` }),
          401,
          'unauthorized',
        );
    });
  });

  it('leave no trace of their values in the log, and their ids in its lines', async () => {
    const { session, client } = await signIn(server, server.adminKey);
    await client.get('/api/v1/me');
    await client.get('/api/v1/me', { Cookie: `${COOKIE}=${'B'.repeat(43)}` });
    await client.delete(`${SESSIONS}/current`);
    await until('the requests are logged', () =>
      Promise.resolve(server.log().includes(session.id) && server.log().includes('session_unknown')),
    );
    expect(server.log()).not.toContain(client.value);
    expect(server.log()).not.toContain('B'.repeat(43));
  });

  it('are opened and ended on record, without their values', async () => {
    const { session, client } = await signIn(server, server.adminKey);
    expect(await records('session.created', session.id)).toEqual([
      {
        actor: `api_key:${session.api_key.id}`,
        api_key_id: session.api_key.id,
        data: { id: session.id, api_key_id: session.api_key.id, expires_at: session.expires_at },
      },
    ]);
    const { rows } = await sql.query(
      `SELECT count(*)::int AS count FROM audit_logs WHERE audit_logs::text LIKE '%' || $1 || '%'`,
      [client.value],
    );
    expect(rows).toEqual([{ count: 0 }]);
  });

  it('end when the database is found to be restored', async () => {
    const { client } = await signIn(server, server.adminKey);
    await sql.query(`INSERT INTO restores (begun_by, reason) VALUES ('a test', 'a test')`);
    await sql.query('UPDATE restores SET reconciled_at = clock_timestamp()');
    await expectEnded(client);
  });
});

describe('the cookie of a server with a public address', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await testServer({ variables: { PUBLIC_URL: 'https://license.example.com' } });
  });
  afterAll(() => server.close());

  it('is bound to the host and to TLS', async () => {
    const answer = await new Client(server.url, server.adminKey).post(SESSIONS, undefined, CONSOLE);
    expectStatus(answer, 201);
    const value = cookieOf(answer)!;
    expect(answer.headers.getSetCookie()).toEqual([
      `__Host-${COOKIE}=${value}; Path=/; HttpOnly; Secure; SameSite=Strict`,
    ]);
    const client = new Client(server.url);
    const headers = {
      ...CONSOLE,
      Cookie: `__Host-${COOKIE}=${value}`,
      Origin: 'https://license.example.com',
    };
    expectStatus(await client.get('/api/v1/me', headers), 200);
    expect((await client.get('/api/v1/me', { ...CONSOLE, Cookie: `${COOKIE}=${value}` })).status).toBe(401);
    const signedOut = await client.delete(`${SESSIONS}/current`, undefined, headers);
    expectStatus(signedOut, 204);
    expect(signedOut.headers.getSetCookie()).toEqual([
      `__Host-${COOKIE}=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Strict`,
    ]);
  });
});

describe('requests of sessions', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await testServer({
      variables: { RATE_LIMIT_ENABLED: 'true', RATE_LIMIT_SESSION: '7', RATE_LIMIT_DEFAULT: '1000000' },
    });
  });
  afterAll(() => server.close());

  it('count against one limit for all sessions of a key, whatever the route', async () => {
    const { client } = await signIn(server, server.adminKey);
    const other = (await signIn(server, server.adminKey)).client;
    for (const path of ['/api/v1/me', '/api/v1/licenses', '/info'])
      expect((await client.get(path)).headers.get('ratelimit-policy')).toBe('"session";q=7;w=60');
    for (let count = 3; count < 7; count++) expectStatus(await other.get('/api/v1/me'), 200);
    expect([(await client.get('/info')).status, (await other.get('/info')).status]).toEqual([429, 429]);
    expectStatus(await new Client(server.url, server.adminKey).get('/api/v1/me'), 200);
  });

  it('count against the own limit of their key as well', async () => {
    const key = await anApiKey(new Client(server.url, server.adminKey), { rate_limit_per_minute: 3 });
    const { client } = await signIn(server, key.key);
    const answer = await client.get('/api/v1/me');
    expect(answer.headers.get('ratelimit')).toMatch(/^"session";r=6;t=\d+, "default";r=1;t=\d+$/);
    expectStatus(await client.get('/api/v1/me'), 200);
    expect((await client.get('/api/v1/me')).status).toBe(429);
    expect((await new Client(server.url, key.key).get('/api/v1/me')).status).toBe(429);
  });

  it('never go by CORS', async () => {
    const preflight = await fetch(`${server.url}/api/v1/customers`, {
      method: 'OPTIONS',
      headers: {
        Origin: ORIGIN,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'content-type, x-aegis-console',
      },
    });
    expect(preflight.headers.get('access-control-allow-headers')).toBeNull();
    const client = new SessionClient(server.url, 'A'.repeat(43));
    expect((await client.get('/info')).headers.get('access-control-allow-credentials')).toBeNull();
  });
});
