import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { Client as SqlClient } from 'pg';
import { type Answer, Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { aCustomer, aCustomerId, aLicense, anApiKey } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { superuserOf, untilBlocked } from '../../support/database/sql';
import { until } from '../../support/until';

const PATIENT = {
  DB_ACQUIRE_TIMEOUT_MS: '20000',
  DB_CONNECT_TIMEOUT_MS: '20000',
  DB_LOCK_TIMEOUT_MS: '20000',
  DB_STATEMENT_TIMEOUT_MS: '20000',
};

describe('Idempotency-Key', () => {
  let server: TestServer;
  let replica: TestServer;
  let client: Client;
  let elsewhere: Client;
  let sql: SqlClient;

  beforeAll(async () => {
    server = await testServer({ variables: PATIENT });
    replica = await testServer({ database: server.database, keysDir: server.keysDir, variables: PATIENT });
    client = new Client(server.url, server.adminKey);
    elsewhere = new Client(replica.url, server.adminKey);
    sql = await superuserOf(server);
  });
  afterAll(async () => {
    await sql.end();
    await replica.close();
    await server.close();
  });

  const keyed = (key: string): Record<string, string> => ({ 'Idempotency-Key': key });

  async function rows<Row = Record<string, unknown>>(
    query: string,
    ...parameters: unknown[]
  ): Promise<Row[]> {
    return (await sql.query(query, parameters)).rows as Row[];
  }

  async function count(query: string, ...parameters: unknown[]): Promise<number> {
    const [row] = await rows<{ count: number }>(`SELECT count(*)::int AS count FROM ${query}`, ...parameters);
    return row!.count;
  }

  const orderFor = (customer_id: string): Record<string, unknown> => ({
    customer_id,
    module_name: 'payroll',
    allowed_major_versions: ['17'],
    license_type: 'subscription',
    duration_days: 30,
  });

  async function aKey(scopes: string[]): Promise<{ id: string; client: Client }> {
    const { id, key } = await anApiKey(client, { name: 'Shop', scopes });
    return { id, client: new Client(server.url, key) };
  }

  const grant = (id: string, ...scopes: string[]): Promise<unknown> =>
    rows('UPDATE api_keys SET scopes = $2 WHERE id = $1', id, scopes);

  function expectReplay(replay: Answer, first: Answer): void {
    expect(replay.status).toBe(first.status);
    expect(JSON.stringify(replay.body)).toBe(JSON.stringify(first.body));
    for (const header of ['location', 'etag', 'content-type', 'cache-control', 'content-length'])
      expect([header, replay.headers.get(header)]).toEqual([header, first.headers.get(header)]);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(replay.headers.get('idempotent-replayed')).toBe('true');
  }

  function expectProblem(answer: Answer, status: number, code: string): void {
    expectStatus(answer, status);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.body.code).toBe(code);
    expect(answer.headers.get('idempotent-replayed')).toBeNull();
  }

  interface Case {
    /** What has to be there. */
    given: () => Promise<string>;
    send: (by: Client, given: string, key: Record<string, string>) => Promise<Answer>;
    status: number;
    event: string;
  }
  const license = async (): Promise<string> =>
    (await aLicense(client, { license_type: 'subscription', duration_days: 30 })).id;
  const onLicense = (method: string, action: string, body: unknown, event: string): Case => ({
    given: license,
    send: (by, id, key) => by.send(method, `/api/v1/licenses/${id}/${action}`, body, key),
    status: 200,
    event,
  });
  const ROUTES: Record<string, Case> = {
    'POST /customers': {
      given: () => Promise.resolve(aCustomerId()),
      send: (by, id, key) => by.post('/api/v1/customers', { id, name: 'Acme' }, key),
      status: 201,
      event: 'customer.created',
    },
    'DELETE /customers/{id}': {
      given: async () => (await aCustomer(client)).id,
      send: (by, id, key) => by.delete(`/api/v1/customers/${id}`, undefined, key),
      status: 204,
      event: 'customer.deleted',
    },
    'DELETE /customers/{id}?revoke_licenses=true': {
      given: async () => (await aLicense(client)).customer_id,
      send: (by, id, key) => by.delete(`/api/v1/customers/${id}?revoke_licenses=true`, undefined, key),
      status: 204,
      event: 'customer.deleted',
    },
    'POST /licenses': {
      given: async () => (await aCustomer(client)).id,
      send: (by, id, key) => by.post('/api/v1/licenses', orderFor(id), key),
      status: 201,
      event: 'license.issued',
    },
    'DELETE /licenses/{id}/revoke': onLicense('DELETE', 'revoke', { reason: 'refunded' }, 'license.revoked'),
    'POST /licenses/{id}/revoke': onLicense('POST', 'revoke', { reason: 'refunded' }, 'license.revoked'),
    'POST /licenses/{id}/suspend': onLicense('POST', 'suspend', { reason: 'unpaid' }, 'license.suspended'),
    'POST /licenses/{id}/reinstate': {
      ...onLicense('POST', 'reinstate', { reason: 'paid' }, 'license.reinstated'),
      given: async () => {
        const id = await license();
        expectStatus(await client.post(`/api/v1/licenses/${id}/suspend`, { reason: 'unpaid' }), 200);
        return id;
      },
    },
    'POST /licenses/{id}/renew': onLicense('POST', 'renew', { duration_days: 30 }, 'license.renewed'),
    'POST /licenses/{id}/reissue': onLicense('POST', 'reissue', { supersede: true }, 'license.reissued'),
    'POST /admin/api-keys': {
      given: () => Promise.resolve(''),
      send: (by, _, key) => by.post('/api/v1/admin/api-keys', { name: 'CI', scopes: ['licenses:read'] }, key),
      status: 201,
      event: 'api_key.created',
    },
    'POST /admin/api-keys/{id}/rotate': {
      given: async () => (await aKey(['licenses:read'])).id,
      send: (by, id, key) => by.post(`/api/v1/admin/api-keys/${id}/rotate`, { grace_seconds: 60 }, key),
      status: 200,
      event: 'api_key.rotated',
    },
    'DELETE /admin/api-keys/{id}': {
      given: async () => (await aKey(['licenses:read'])).id,
      send: (by, id, key) => by.delete(`/api/v1/admin/api-keys/${id}`, undefined, key),
      status: 204,
      event: 'api_key.deleted',
    },
  };

  describe.each(Object.entries(ROUTES))('on %s', (route, { given, send, status, event }) => {
    const records = (): Promise<number> => count('audit_logs WHERE event_type = $1', event);

    it('lets the request be carried out once, and answers its repetitions alike', async () => {
      const what = await given();
      const before = await records();
      const key = keyed(randomUUID());
      const first = await send(client, what, key);
      expectStatus(first, status);
      const records1 = await records();
      expectReplay(await send(client, what, key), first);
      expectReplay(await send(elsewhere, what, key), first);
      expect([records1 - before, (await records()) - before]).toEqual([1, 1]);
    });

    it('is in the OpenAPI document', async () => {
      const [method, path] = route.replace(/\?.*/, '').split(' ');
      const document = (await new Client(server.url).get('/openapi.json')).body;
      const operation = document.paths[`/api/v1${path!}`][method!.toLowerCase()];
      expect(operation.parameters).toContainEqual(
        expect.objectContaining({ in: 'header', name: 'Idempotency-Key', required: false }),
      );
      expect(operation.responses[status].headers).toHaveProperty('Idempotent-Replayed');
      const problemsOf = (code: string): string => {
        const { $ref, description } = operation.responses[code] as { $ref?: string; description?: string };
        const shared = String($ref).split('/').at(-1)!;
        return description ?? (document.components.responses[shared].description as string);
      };
      expect(problemsOf('409')).toContain('`request_in_progress`');
      expect(problemsOf('422')).toContain('`idempotency_key_reused`');
      if (status !== 204) expect(operation.responses[status].headers).toHaveProperty('ETag');
      if (status === 201) expect(operation.responses[status].headers).toHaveProperty('Location');
    });
  });

  it.each([
    ['POST', 'licenses/validate', { token: 'x', module_name: 'payroll', odoo_version: '17' }],
    ['POST', 'licenses/validate/batch', { items: [{ token: 'x', module_name: 'p', odoo_version: '17' }] }],
    ['POST', 'licenses/fingerprint', { db_uuid: 'db', domain: 'example.com' }],
    ['GET', 'customers', undefined],
  ])('has no effect on %s /%s', async (method, path, body) => {
    const before = await count('idempotency_keys');
    const key = { 'Idempotency-Key': 'a key with spaces' };
    for (let round = 0; round < 2; round += 1) {
      const answer = await client.send(method, `/api/v1/${path}`, body, key);
      expectStatus(answer, 200);
      expect(answer.headers.get('idempotent-replayed')).toBeNull();
    }
    expect(await count('idempotency_keys')).toBe(before);
  });

  it('has no effect on the inspection of a token and on PATCH', async () => {
    const { id, token, customer_id } = await aLicense(client);
    const key = keyed(randomUUID());
    for (const notes of ['one', 'two'])
      expect((await client.patch(`/api/v1/licenses/${id}`, { notes }, key)).body.notes).toBe(notes);
    for (const phone of ['1', '2'])
      expect((await client.patch(`/api/v1/customers/${customer_id}`, { phone }, key)).body.phone).toBe(phone);
    const inspected = await client.post('/api/v1/licenses/inspect', { token }, key);
    expect(inspected.body.notes).toBe('two');
  });

  describe('with another request than before', () => {
    it('is refused for another body, which changes nothing', async () => {
      const { id } = await aCustomer(client);
      const key = keyed(randomUUID());
      const first = await client.post('/api/v1/licenses', orderFor(id), key);
      expectStatus(first, 201);
      const other = await client.post('/api/v1/licenses', { ...orderFor(id), duration_days: 31 }, key);
      expectProblem(other, 422, 'idempotency_key_reused');
      expect(other.body.errors).toEqual([{ field: 'Idempotency-Key', message: expect.any(String) }]);
      expect(JSON.stringify(other.body)).not.toContain(first.body.id);
      expect(await count('licenses WHERE customer_id = $1', id)).toBe(1);
      expectReplay(await client.post('/api/v1/licenses', orderFor(id), key), first);
    });

    it('is refused for another path, method or query', async () => {
      const [one, two] = [await aLicense(client), await aLicense(client)];
      const key = keyed(randomUUID());
      const revoke = { reason: 'refunded' };
      expectStatus(await client.post(`/api/v1/licenses/${one.id}/revoke`, revoke, key), 200);
      for (const [method, path] of [
        ['POST', `licenses/${two.id}/revoke`],
        ['DELETE', `licenses/${one.id}/revoke`],
        ['POST', `licenses/${one.id}/suspend`],
      ] as const)
        expectProblem(
          await client.send(method, `/api/v1/${path}`, revoke, key),
          422,
          'idempotency_key_reused',
        );
      expect((await client.get(`/api/v1/licenses/${two.id}`)).body.status).toBe('active');

      const removal = keyed(randomUUID());
      const path = `/api/v1/customers/${one.customer_id}`;
      expectStatus(await client.delete(path, undefined, removal), 204);
      expectProblem(
        await client.delete(`${path}?revoke_licenses=true`, undefined, removal),
        422,
        'idempotency_key_reused',
      );
    });

    it('treats a body in another order and layout as the same', async () => {
      const id = aCustomerId();
      const key = keyed(randomUUID());
      const first = await client.post('/api/v1/customers', `{"id":"${id}","name":"Acme","phone":"1"}`, key);
      expectStatus(first, 201);
      const again = `{ "phone": "1",\n "name": "\\u0041cme", "id": "${id}" }`;
      expectReplay(await client.post('/api/v1/customers', again, key), first);
    });

    it('distinguishes lists in another order', async () => {
      const { id } = await aCustomer(client);
      const key = keyed(randomUUID());
      const order = { ...orderFor(id), allowed_major_versions: ['17', '18'] };
      expectStatus(await client.post('/api/v1/licenses', order, key), 201);
      const turned = { ...order, allowed_major_versions: ['18', '17'] };
      expectProblem(await client.post('/api/v1/licenses', turned, key), 422, 'idempotency_key_reused');
    });
  });

  describe('must be 1 to 255 visible ASCII characters', () => {
    it.each([
      ['empty', ''],
      ['256 characters', 'k'.repeat(256)],
      ['a space within', 'a b'],
      ['a tab within', 'a\tb'],
      ['a letter beyond ASCII', 'schlüssel'],
    ])('refuses %s', async (_, key) => {
      const id = aCustomerId();
      const answer = await client.post('/api/v1/customers', { id, name: 'Acme' }, keyed(key));
      expectProblem(answer, 422, 'validation_failed');
      expect(answer.body.errors).toEqual([{ field: 'Idempotency-Key', message: expect.any(String) }]);
      expect(await count('customers WHERE id = $1', id)).toBe(0);
    });

    it('refuses two keys at once', async () => {
      const status = await new Promise<number | undefined>((resolve, reject) => {
        const request = httpRequest(
          `${server.url}/api/v1/customers`,
          {
            method: 'POST',
            headers: {
              'X-API-Key': server.adminKey,
              'Content-Type': 'application/json',
              'Idempotency-Key': ['one', 'two'],
            },
          },
          (response) => {
            response.resume();
            resolve(response.statusCode);
          },
        );
        request.on('error', reject).end(JSON.stringify({ id: aCustomerId(), name: 'Acme' }));
      });
      expect(status).toBe(422);
    });

    it.each([
      ['one', 'k'],
      ['255', 'k'.repeat(255)],
      ['each sign', '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'],
    ])('takes %s', async (_, key) => {
      const path = '/api/v1/customers';
      const body = { id: aCustomerId(), name: 'Acme' };
      const first = await client.post(path, body, keyed(key));
      expectStatus(first, 201);
      expectReplay(await client.post(path, body, keyed(key)), first);
    });

    it('belongs to a caller: others are refused before it is looked up', async () => {
      const body = { id: aCustomerId(), name: 'Acme' };
      const nobody = new Client(server.url);
      expectProblem(await nobody.post('/api/v1/customers', body, keyed('a b')), 401, 'unauthorized');
    });
  });

  it('remembers no refusal: the same request is tried again', async () => {
    const id = aCustomerId();
    const key = keyed(randomUUID());
    const issue = (): Promise<Answer> => client.post('/api/v1/licenses', orderFor(id), key);
    expectProblem(await issue(), 404, 'customer_not_found');
    await aCustomer(client, { id, is_active: false });
    expectProblem(await issue(), 409, 'customer_inactive');
    expectStatus(await client.patch(`/api/v1/customers/${id}`, { is_active: true }), 200);
    expectProblem(
      await client.post('/api/v1/licenses', { ...orderFor(id), module_name: '?' }, key),
      422,
      'validation_failed',
    );
    const first = await issue();
    expectStatus(first, 201);
    expectReplay(await issue(), first);
  });

  it('remembers nothing about a request that fails at the commit', async () => {
    await sql.query(`
      CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
      CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON customers
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail()`);
    const body = { id: aCustomerId(), name: 'Acme' };
    const key = keyed(randomUUID());
    expectStatus(await client.post('/api/v1/customers', body, key), 500);
    await sql.query('DROP TRIGGER fail ON customers; DROP FUNCTION fail()');
    const first = await client.post('/api/v1/customers', body, key);
    expectStatus(first, 201);
    expectReplay(await client.post('/api/v1/customers', body, key), first);
  });

  it('changes nothing when the answer cannot be remembered', async () => {
    await sql.query('REVOKE INSERT ON idempotency_keys FROM aegis_app');
    const body = { id: aCustomerId(), name: 'Acme' };
    const key = keyed(randomUUID());
    expectStatus(await client.post('/api/v1/customers', body, key), 500);
    await sql.query('GRANT INSERT ON idempotency_keys TO aegis_app');
    expect(await count('customers WHERE id = $1', body.id)).toBe(0);
    expect(await count('audit_logs WHERE customer_id = $1', body.id)).toBe(0);
  });

  describe('of a request that is still running', () => {
    it('answers 409 at once, on every server, and its answer later', async () => {
      const { id } = await aCustomer(client);
      const key = keyed(randomUUID());
      const issue = (by: Client): Promise<Answer> => by.post('/api/v1/licenses', orderFor(id), key);
      await sql.query('BEGIN');
      await sql.query('LOCK TABLE audit_logs IN SHARE ROW EXCLUSIVE MODE');
      const running = issue(client);
      await untilBlocked(sql);
      for (const by of [client, elsewhere]) {
        const second = await issue(by);
        expectProblem(second, 409, 'request_in_progress');
        expect(second.headers.get('retry-after')).toBe('1');
      }
      await sql.query('COMMIT');
      const first = await running;
      expectStatus(first, 201);
      expectReplay(await issue(elsewhere), first);
    });

    it('answers a repetition that came before the commit and was looked up after it', async () => {
      const license = await aLicense(client);
      const key = keyed(randomUUID());
      const reissue = (by: Client): Promise<Answer> =>
        by.post(`/api/v1/licenses/${license.id}/reissue`, {}, key);
      // Both find nothing at first, for neither gets past reading the customer.
      await sql.query('BEGIN');
      await sql.query('LOCK TABLE customers IN ACCESS EXCLUSIVE MODE');
      const both = [reissue(client), reissue(elsewhere)];
      await untilBlocked(sql, 2);
      await sql.query('COMMIT');
      const answers = await Promise.all(both);
      const done = answers.filter(({ headers }) => headers.get('idempotent-replayed') === null);
      expect(done.filter(({ status }) => status === 200)).toHaveLength(1);
      for (const { status } of answers) expect([200, 409]).toContain(status);
      expect(await count('license_tokens WHERE license_id = $1', license.id)).toBe(2);
    });

    it('lets one of 100 at once be carried out, on two servers', async () => {
      const { id } = await aCustomer(client);
      const key = keyed(randomUUID());
      const issue = (by: Client): Promise<Answer> => by.post('/api/v1/licenses', orderFor(id), key);
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, index) => issue(index % 2 === 0 ? client : elsewhere)),
      );
      const created = answers.filter(({ status }) => status === 201);
      for (const { status, body } of answers)
        if (status !== 201) expect([status, body.code]).toEqual([409, 'request_in_progress']);
      const firsts = created.filter(({ headers }) => headers.get('idempotent-replayed') === null);
      expect(firsts).toHaveLength(1);
      for (const replay of created) if (replay !== firsts[0]) expectReplay(replay, firsts[0]!);
      expectReplay(await issue(elsewhere), firsts[0]!);
      expect(await count('licenses WHERE customer_id = $1', id)).toBe(1);
      expect(
        await count('license_tokens JOIN licenses l ON l.id = license_id WHERE customer_id = $1', id),
      ).toBe(1);
      expect(await count(`audit_logs WHERE event_type = 'license.issued' AND customer_id = $1`, id)).toBe(1);
    });
  });

  it('signs nothing for a repetition', async () => {
    const { id } = await aCustomer(client);
    const key = keyed(randomUUID());
    const place = (): Promise<unknown[]> => rows('SELECT last_value FROM license_tokens_status_number_seq');
    const first = await client.post('/api/v1/licenses', orderFor(id), key);
    const renewal = keyed(randomUUID());
    const renew = (): Promise<Answer> =>
      client.post(`/api/v1/licenses/${first.body.id}/renew`, { duration_days: 1 }, renewal);
    const renewed = await renew();
    const before = await place();
    expectReplay(await client.post('/api/v1/licenses', orderFor(id), key), first);
    expectReplay(await renew(), renewed);
    expect(await place()).toEqual(before);
  });

  it('gives the first answer again, no matter what changed since', async () => {
    const { id, customer_id } = await aLicense(client);
    const key = keyed(randomUUID());
    const suspend = (): Promise<Answer> =>
      client.post(`/api/v1/licenses/${id}/suspend`, { reason: 'unpaid' }, key);
    const first = await suspend();
    await client.patch(`/api/v1/customers/${customer_id}`, { name: 'Renamed' });
    expectStatus(await client.post(`/api/v1/licenses/${id}/revoke`, { reason: 'refunded' }), 200);
    expectReplay(await suspend(), first);
    expect((await client.get(`/api/v1/licenses/${id}`)).body.status).toBe('revoked');
  });

  it('comes before If-Match: a repetition is not a change of what the first one changed', async () => {
    const { id } = await aLicense(client);
    const { headers } = await client.get(`/api/v1/licenses/${id}`);
    const conditions = { ...keyed(randomUUID()), 'If-Match': headers.get('etag')! };
    const suspend = (): Promise<Answer> =>
      client.post(`/api/v1/licenses/${id}/suspend`, { reason: 'unpaid' }, conditions);
    const first = await suspend();
    expectStatus(first, 200);
    expectReplay(await suspend(), first);
  });

  describe('and its caller', () => {
    it('is a different key for each caller', async () => {
      const one = await aKey(['customers:write']);
      const two = await aKey(['customers:write']);
      const key = keyed('order-1');
      const first = await one.client.post('/api/v1/customers', { id: aCustomerId(), name: 'One' }, key);
      const second = await two.client.post('/api/v1/customers', { id: aCustomerId(), name: 'Two' }, key);
      expectStatus(first, 201);
      expectStatus(second, 201);
      expect(second.headers.get('idempotent-replayed')).toBeNull();
      const stolen = await two.client.post(
        '/api/v1/customers',
        { id: first.body.id, name: 'One' },
        keyed('order-1'),
      );
      expectProblem(stolen, 422, 'idempotency_key_reused');
    });

    it('do not wait for others with the same key', async () => {
      const one = await aKey(['customers:write']);
      const two = await aKey(['customers:write']);
      await sql.query('BEGIN');
      await sql.query('LOCK TABLE audit_logs IN SHARE ROW EXCLUSIVE MODE');
      const answers = [one, two].map((by) =>
        by.client.post('/api/v1/customers', { id: aCustomerId(), name: 'Acme' }, keyed('order-2')),
      );
      await untilBlocked(sql, 2);
      await sql.query('COMMIT');
      for (const answer of answers) expectStatus(await answer, 201);
    });

    it('gets no answer if it has lost a scope that the route needs', async () => {
      const shop = await aKey(['customers:write']);
      const body = { id: aCustomerId(), name: 'Acme' };
      const key = keyed(randomUUID());
      const first = await shop.client.post('/api/v1/customers', body, key);
      expectStatus(first, 201);
      await grant(shop.id, 'licenses:read');
      const refused = await shop.client.post('/api/v1/customers', body, key);
      expectProblem(refused, 403, 'insufficient_scope');
      await grant(shop.id, 'admin');
      expectReplay(await shop.client.post('/api/v1/customers', body, key), first);
      await rows('UPDATE api_keys SET is_active = false WHERE id = $1', shop.id);
      expectProblem(await shop.client.post('/api/v1/customers', body, key), 401, 'unauthorized');
    });

    it('gets no answer if it has lost a further scope that the request needed', async () => {
      const { customer_id } = await aLicense(client);
      const shop = await aKey(['customers:write', 'licenses:revoke']);
      const remove = (): Promise<Answer> =>
        shop.client.delete(`/api/v1/customers/${customer_id}?revoke_licenses=true`, undefined, keyed('gone'));
      expectStatus(await remove(), 204);
      await grant(shop.id, 'customers:write');
      expectProblem(await remove(), 403, 'insufficient_scope');
    });

    it('gets no rotated secret of a key that may do more than it may now', async () => {
      const manager = await aKey(['api-keys:manage', 'stats:read']);
      const { id } = await aKey(['stats:read']);
      const rotate = (): Promise<Answer> =>
        manager.client.post(`/api/v1/admin/api-keys/${id}/rotate`, {}, keyed('rotate'));
      const first = await rotate();
      expectStatus(first, 200);
      expectReplay(await rotate(), first);
      await grant(manager.id, 'api-keys:manage');
      const refused = await rotate();
      expectProblem(refused, 403, 'insufficient_scope');
      expect(JSON.stringify(refused.body)).not.toContain(first.body.key);
    });

    it('gets no secret with a replaced secret, on any route of API keys', async () => {
      const { id: other } = await aKey(['stats:read']);
      const { id: gone } = await aKey(['stats:read']);
      const manager = await aKey(['api-keys:manage', 'stats:read']);
      const requests: (() => Promise<Answer>)[] = [
        () =>
          manager.client.post(
            '/api/v1/admin/api-keys',
            { name: 'CI', scopes: ['stats:read'] },
            keyed('old-make'),
          ),
        () => manager.client.post(`/api/v1/admin/api-keys/${other}/rotate`, {}, keyed('old-other')),
        () => manager.client.delete(`/api/v1/admin/api-keys/${gone}`, undefined, keyed('old-delete')),
        () =>
          manager.client.post(
            `/api/v1/admin/api-keys/${manager.id}/rotate`,
            { grace_seconds: 3_600 },
            keyed('old-own'),
          ),
      ];
      const first: Answer[] = [];
      for (const request of requests) first.push(await request());
      expect(first.map(({ status }) => status)).toEqual([201, 200, 204, 200]);
      // The old secret counts, but neither changes keys nor learns what a change has answered.
      expectStatus(await manager.client.get('/api/v1/me'), 200);
      for (const [index, request] of requests.entries()) {
        const refused = await request();
        expectProblem(refused, 403, 'insufficient_scope');
        expect(JSON.stringify(refused.body)).not.toContain(first[index]!.body?.key ?? 'aegis_');
      }
      const renewed = new Client(server.url, first.at(-1)!.body.key as string);
      const rotation = { grace_seconds: 3_600 };
      const own = `/api/v1/admin/api-keys/${manager.id}/rotate`;
      expectReplay(await renewed.post(own, rotation, keyed('old-own')), first.at(-1)!);
    });

    it('gets no secret of a key that may do more than it may now', async () => {
      const manager = await aKey(['api-keys:manage', 'stats:read']);
      const make = (): Promise<Answer> =>
        manager.client.post('/api/v1/admin/api-keys', { name: 'CI', scopes: ['stats:read'] }, keyed('make'));
      const first = await make();
      expectStatus(first, 201);
      await grant(manager.id, 'api-keys:manage');
      const refused = await make();
      expectProblem(refused, 403, 'insufficient_scope');
      expect(JSON.stringify(refused.body)).not.toContain(first.body.key);
    });
  });

  describe('after 24 hours', () => {
    async function age(interval: string): Promise<void> {
      await rows(`UPDATE idempotency_keys SET created_at = clock_timestamp() - $1::interval`, interval);
    }

    it('starts again, and not earlier', async () => {
      const { id } = await aCustomer(client);
      const key = keyed(randomUUID());
      const issue = (): Promise<Answer> => client.post('/api/v1/licenses', orderFor(id), key);
      const first = await issue();
      await age('23 hours 59 minutes');
      expectReplay(await issue(), first);
      await age('24 hours');
      const second = await issue();
      expectStatus(second, 201);
      expect(second.headers.get('idempotent-replayed')).toBeNull();
      expect(second.body.id).not.toBe(first.body.id);
      expectReplay(await issue(), second);
    });

    it('may come with another request', async () => {
      const key = keyed(randomUUID());
      const create = (): Promise<Answer> =>
        client.post('/api/v1/customers', { id: aCustomerId(), name: 'Acme' }, key);
      expectStatus(await create(), 201);
      await age('24 hours 1 second');
      expectStatus(await create(), 201);
      expectProblem(await create(), 422, 'idempotency_key_reused');
    });

    it('is purged, no matter how many there are, and no younger one', async () => {
      await rows('DELETE FROM idempotency_keys');
      const body = { id: aCustomerId(), name: 'Acme' };
      const young = keyed(randomUUID());
      const first = await client.post('/api/v1/customers', body, young);
      await age('23 hours 59 minutes');
      await rows(`
        INSERT INTO idempotency_keys (key_hash, request_hash, pepper_version, answer, created_at)
        SELECT sha256(n::text::bytea), sha256(n::text::bytea), 'v1', 'x', clock_timestamp() - interval '1 day'
        FROM generate_series(1, 2500) AS n`);
      const cleaner = await testServer({ database: server.database, keysDir: server.keysDir });
      try {
        await until('the purge', async () => (await count('idempotency_keys')) === 1);
      } finally {
        await cleaner.close();
      }
      expectReplay(await client.post('/api/v1/customers', body, young), first);
    });
  });

  describe('in the database', () => {
    it('leaves nothing readable: no key, no secret, no token, no personal data', async () => {
      await rows('DELETE FROM idempotency_keys');
      const canaries = [
        'canary-key-1',
        'canary-key-2',
        'canary-key-3',
        'canary-key-4',
        'Canary Corporation',
        'canary@acme.example',
      ];
      const { id } = await aCustomer(client);
      const { id: rotating } = await aKey(['licenses:read']);
      const answers = [
        await client.post(
          '/api/v1/customers',
          { id: aCustomerId(), name: 'Canary Corporation', email: 'canary@acme.example' },
          keyed('canary-key-1'),
        ),
        await client.post('/api/v1/licenses', orderFor(id), keyed('canary-key-2')),
        await client.post('/api/v1/admin/api-keys', { name: 'CI', scopes: ['admin'] }, keyed('canary-key-3')),
        await client.post(`/api/v1/admin/api-keys/${rotating}/rotate`, {}, keyed('canary-key-4')),
      ];
      const [, issued, made, rotated] = answers.map(({ body }) => body as Record<string, string>);
      canaries.push(issued!.token!, made!.key!, made!.id!, issued!.id!, 'Idempotent', 'location', '"body"');
      canaries.push(rotated!.key!);
      const stored = await rows('SELECT * FROM idempotency_keys');
      expect(stored).toHaveLength(4);
      const text = stored
        .flatMap((row) => Object.values(row))
        .map((value) => (Buffer.isBuffer(value) ? value.toString('latin1') : String(value)))
        .join('\n');
      for (const canary of canaries)
        for (const form of [
          canary,
          Buffer.from(canary).toString('base64'),
          Buffer.from(canary).toString('hex'),
        ])
          expect(text).not.toContain(form);
      expect(server.log()).not.toMatch(/canary-key|Canary Corporation|canary@/);
    });

    it('encrypts one answer twice to different bytes', async () => {
      const hidden = async (): Promise<Buffer> => {
        const [row] = await rows<{ answer: Buffer }>(
          'SELECT answer FROM idempotency_keys ORDER BY created_at DESC LIMIT 1',
        );
        return row!.answer;
      };
      const { id } = await aKey(['licenses:read']);
      const remove = (): Promise<Answer> =>
        client.delete(`/api/v1/admin/api-keys/${id}`, undefined, keyed('twice'));
      expectStatus(await remove(), 204);
      const one = await hidden();
      await rows(`DELETE FROM idempotency_keys`);
      // As only a superuser can, with the triggers off.
      await rows(`SET session_replication_role = 'replica'`);
      await rows('UPDATE api_keys SET deleted_at = NULL WHERE id = $1', id);
      await rows('RESET session_replication_role');
      expectStatus(await remove(), 204);
      expect((await hidden()).subarray(12, -16)).not.toEqual(one.subarray(12, -16));
    });

    it.each([
      ['changed', 'UPDATE idempotency_keys SET answer = set_byte(answer, 20, get_byte(answer, 20) # 1)'],
      [
        'put in the place of another',
        `UPDATE idempotency_keys one SET answer = other.answer FROM idempotency_keys other
         WHERE one.key_hash <> other.key_hash`,
      ],
    ])('gives no answer that was %s, and does nothing twice', async (_, tampering) => {
      await rows('DELETE FROM idempotency_keys');
      const { id } = await aCustomer(client);
      const [key, other] = [keyed(randomUUID()), keyed(randomUUID())];
      expectStatus(await client.post('/api/v1/licenses', orderFor(id), key), 201);
      expectStatus(await client.post('/api/v1/licenses', orderFor(id), other), 201);
      await rows(tampering);
      expectProblem(await client.post('/api/v1/licenses', orderFor(id), key), 500, 'internal_error');
      expect(await count('licenses WHERE customer_id = $1', id)).toBe(2);
      await rows('DELETE FROM idempotency_keys');
    });

    it('is read with an older pepper too, and is not carried out again without its pepper', async () => {
      const body = { id: aCustomerId(), name: 'Acme' };
      const key = keyed(randomUUID());
      const first = await client.post('/api/v1/customers', body, key);
      expectStatus(first, 201);
      const stored = await rows<{ id: string; hash: Buffer }>('SELECT id, hash FROM api_keys');
      const later = await testServer({
        database: server.database,
        keysDir: server.keysDir,
        variables: {
          API_KEY_PEPPERS: 'v2:fedcba9876543210fedcba9876543210,v1:0123456789abcdef0123456789abcdef',
        },
      });
      const customer = { id: aCustomerId(), name: 'Later' };
      const latest = keyed(randomUUID());
      try {
        const there = new Client(later.url, server.adminKey);
        expectReplay(await there.post('/api/v1/customers', body, key), first);
        expectStatus(await there.post('/api/v1/customers', customer, latest), 201);
      } finally {
        await later.close();
      }
      // It brought the key under its own pepper, which this server lacks as it lacks the one of the answer.
      for (const { id, hash } of stored)
        await rows(`UPDATE api_keys SET hash = $2, pepper_version = 'v1' WHERE id = $1`, id, hash);
      expectProblem(await client.post('/api/v1/customers', customer, latest), 409, 'answer_unreadable');
    });
  });

  describe('and the removal of a customer', () => {
    const remembered = (id: string): Promise<number> => count('idempotency_keys WHERE customer_id = $1', id);

    it('deletes every remembered answer that contains its data, and no other', async () => {
      const id = aCustomerId();
      const other = aCustomerId();
      const send = async (path: string, body: unknown): Promise<Answer> => {
        const answer = await client.post(`/api/v1/${path}`, body, keyed(randomUUID()));
        if (answer.status !== 201) expectStatus(answer, 200);
        return answer;
      };
      for (const customer of [id, other]) {
        await send('customers', { id: customer, name: 'Canary Corporation' });
        const { body } = await send('licenses', orderFor(customer));
        for (const [action, details] of [
          ['suspend', { reason: 'unpaid' }],
          ['reinstate', { reason: 'paid' }],
          ['renew', { duration_days: 1 }],
          ['reissue', {}],
          ['revoke', { reason: 'refunded' }],
        ] as const)
          await send(`licenses/${body.id as string}/${action}`, details);
      }
      expect([await remembered(id), await remembered(other)]).toEqual([7, 7]);
      const removal = keyed(randomUUID());
      const remove = (): Promise<Answer> => client.delete(`/api/v1/customers/${id}`, undefined, removal);
      const first = await remove();
      expectStatus(first, 204);
      expect([await remembered(id), await remembered(other)]).toEqual([0, 7]);
      expectReplay(await remove(), first);
    });

    it('gives no answer with its data afterwards', async () => {
      const body = { id: aCustomerId(), name: 'Canary Corporation' };
      const key = keyed(randomUUID());
      expectStatus(await client.post('/api/v1/customers', body, key), 201);
      const order = keyed(randomUUID());
      expectStatus(await client.post('/api/v1/licenses', orderFor(body.id), order), 201);
      expectStatus(await client.delete(`/api/v1/customers/${body.id}?revoke_licenses=true`), 204);
      expectProblem(await client.post('/api/v1/customers', body, key), 409, 'customer_exists');
      expectProblem(
        await client.post('/api/v1/licenses', orderFor(body.id), order),
        404,
        'customer_not_found',
      );
    });

    it('deletes the answer of a change that was under way when it began', async () => {
      const { id, customer_id } = await aLicense(client);
      await sql.query('BEGIN');
      await sql.query('LOCK TABLE audit_logs IN SHARE ROW EXCLUSIVE MODE');
      const revocation = client.post(
        `/api/v1/licenses/${id}/revoke`,
        { reason: 'refunded' },
        keyed(randomUUID()),
      );
      await untilBlocked(sql);
      const removal = client.delete(`/api/v1/customers/${customer_id}?revoke_licenses=true`);
      await untilBlocked(sql, 2);
      await sql.query('COMMIT');
      expectStatus(await revocation, 200);
      expectStatus(await removal, 204);
      expect(await remembered(customer_id)).toBe(0);
    });
  });
});
