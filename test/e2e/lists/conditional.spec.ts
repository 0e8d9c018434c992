import type { Client as SqlClient } from 'pg';
import { type Answer, Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { aCustomer, aCustomerId, aLicense, anApiKey, aWebhook } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { superuserOf, untilBlocked } from '../../support/database/sql';
import { until } from '../../support/until';

/** RFC 9110 section 8.8.3: strong, and nothing in it that lists are parted by. */
const STRONG = /^"[\w.-]+"$/;

describe('entity tags', () => {
  let server: TestServer;
  let client: Client;
  let sql: SqlClient;

  beforeAll(async () => {
    server = await testServer({
      variables: {
        DB_LOCK_TIMEOUT_MS: '20000',
        DB_STATEMENT_TIMEOUT_MS: '20000',
        CORS_ORIGINS: 'https://admin.example.com',
      },
    });
    client = new Client(server.url, server.adminKey);
    sql = await superuserOf(server);
  });
  afterAll(async () => {
    await sql.end();
    await server.close();
  });

  const tagOf = (answer: Answer): string => {
    const tag = answer.headers.get('etag');
    expect(tag).toMatch(STRONG);
    return tag!;
  };
  const tagAt = async (path: string): Promise<string> => tagOf(await client.get(path));
  const ifMatch = (tag: string): Record<string, string> => ({ 'If-Match': tag });

  async function customerPath(): Promise<string> {
    return `/api/v1/customers/${(await aCustomer(client)).id}`;
  }
  async function licensePath(): Promise<string> {
    return `/api/v1/licenses/${(await aLicense(client, { license_type: 'demo', duration_days: 30 })).id}`;
  }
  async function keyPath(): Promise<string> {
    return `/api/v1/admin/api-keys/${(await anApiKey(client)).id}`;
  }
  async function webhookPath(): Promise<string> {
    return `/api/v1/admin/webhooks/${(await aWebhook(client)).id}`;
  }

  const READS: [string, () => Promise<string>][] = [
    ['a customer', customerPath],
    ['a license', licensePath],
    ['an API key', keyPath],
    ['a webhook', webhookPath],
    ['the public keys', () => Promise.resolve('/.well-known/jwks.json')],
  ];

  describe.each(READS)('on the read of %s', (_, made) => {
    it('save the body for a caller that already has it', async () => {
      const path = await made();
      const first = await client.get(path);
      const tag = tagOf(first);
      for (const held of [tag, `W/${tag}`, '*', `"other", ${tag}`, `W/"a,b" ,,${tag},`]) {
        const answer = await client.get(path, { 'If-None-Match': held });
        expect([held, answer.status, answer.body]).toEqual([held, 304, '']);
        expect(answer.headers.get('etag')).toBe(tag);
        expect(answer.headers.get('content-type')).toBeNull();
        expect(answer.headers.get('cache-control')).toBe(first.headers.get('cache-control'));
      }
      const head = await client.send('HEAD', path, undefined, { 'If-None-Match': tag });
      expect(head.status).toBe(304);
    });

    it('do not save it for a caller that has another version or sends no tags', async () => {
      const path = await made();
      const first = await client.get(path);
      const tag = tagOf(first);
      for (const held of ['"other"', tag.slice(1, -1), `"x${tag.slice(1)}`, '', '"', 'W/*'])
        expect(await client.get(path, { 'If-None-Match': held })).toMatchObject({
          status: 200,
          body: first.body,
        });
    });

    it('are in the OpenAPI document', async () => {
      const path = (await made()).replace(/[^/]+$/, (last) => (last === 'jwks.json' ? last : '{id}'));
      const document = (await client.get('/openapi.json')).body;
      const { parameters, responses } = document.paths[path].get;
      expect(parameters).toContainEqual(
        expect.objectContaining({ in: 'header', name: 'If-None-Match', required: false }),
      );
      expect(responses['304'].headers).toHaveProperty('ETag');
      expect(responses['304']).not.toHaveProperty('content');
      expect(responses['200'].headers).toHaveProperty('ETag');
    });
  });

  it('never lead to a 304 in place of a 401 or a 404', async () => {
    const path = await customerPath();
    const tag = await tagAt(path);
    const nobody = new Client(server.url);
    expectStatus(await nobody.get(path, { 'If-None-Match': tag }), 401);
    expectStatus(await client.get('/api/v1/customers/nobody', { 'If-None-Match': '*' }), 404);
  });

  it('may be read by scripts of other origins', async () => {
    const answer = await client.get(await customerPath(), { Origin: 'https://admin.example.com' });
    expect(answer.headers.get('access-control-expose-headers')).toMatch(/\bETag\b/);
  });

  describe('change', () => {
    it('with each change of a customer, and not with a change that changes nothing', async () => {
      const path = await customerPath();
      const before = await tagAt(path);
      expectStatus(await client.patch(path, { name: 'Acme Corporation' }), 200);
      expect(await tagAt(path)).toBe(before);
      expectStatus(await client.patch(path, { name: 'Renamed' }), 200);
      expect(await tagAt(path)).not.toBe(before);
    });

    it('with a license, its customer and its end', async () => {
      const license = await aLicense(client, { license_type: 'demo', duration_days: 30 });
      const path = `/api/v1/licenses/${license.id}`;
      const tags = [await tagAt(path)];
      const noted = async (): Promise<void> => {
        tags.push(await tagAt(path));
      };
      await client.patch(path, { notes: 'noted' });
      await noted();
      await client.patch(`/api/v1/customers/${license.customer_id}`, { phone: '1' });
      await noted();
      await sql.query(`UPDATE licenses SET expires_at = clock_timestamp() WHERE id = $1`, [license.id]);
      expect((await client.get(path)).body.status).toBe('expired');
      await noted();
      expectStatus(await client.delete(`${path}/revoke`, { reason: 'refunded' }), 200);
      await noted();
      expectStatus(await client.delete(`/api/v1/customers/${license.customer_id}`), 204);
      expect((await client.get(path)).body).toMatchObject({ customer: null, token: null });
      await noted();
      expect(new Set(tags).size).toBe(tags.length);
    });

    it('with an API key, but not with its use', async () => {
      const made = await client.post('/api/v1/admin/api-keys', { name: 'CI', scopes: ['licenses:read'] });
      const path = `/api/v1/admin/api-keys/${made.body.id as string}`;
      const before = await tagAt(path);
      expect(before).toBe(tagOf(made));
      const user = new Client(server.url, made.body.key as string);
      expectStatus(await user.get('/api/v1/me'), 200);
      await until('the use is counted', async () => (await client.get(path)).body.usage_count === 1);
      expect(await tagAt(path)).toBe(before);
      expectStatus(await client.patch(path, { name: 'CI' }), 200);
      expect(await tagAt(path)).toBe(before);
      expectStatus(await client.patch(path, { name: 'Renamed' }), 200);
      expect(await tagAt(path)).not.toBe(before);
    });

    it('with the public keys', async () => {
      const path = '/.well-known/jwks.json';
      const before = await tagAt(path);
      await sql.query(`
        INSERT INTO signing_keys (kid, alg, public_key, state, retired_at)
        VALUES ('old', 'EdDSA', '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo', 'retired', clock_timestamp())`);
      expect(await tagAt(path)).not.toBe(before);
    });
  });

  describe('of what a change leaves', () => {
    const onLicense =
      (method: string, action: string, body: unknown) =>
      (path: string): Promise<Answer> =>
        client.send(method, path + action, body);
    it.each<[string, () => Promise<string>, (path: string) => Promise<Answer>]>([
      ['a customer', customerPath, (path) => client.patch(path, { name: 'Renamed' })],
      ['an API key', keyPath, (path) => client.patch(path, { name: 'Renamed' })],
      ['a rotation', keyPath, (path) => client.post(`${path}/rotate`, {})],
      ['notes', licensePath, (path) => client.patch(path, { notes: 'noted' })],
      ['a suspension', licensePath, onLicense('POST', '/suspend', { reason: 'unpaid' })],
      ['a revocation', licensePath, onLicense('POST', '/revoke', { reason: 'refunded' })],
      ['a revocation by DELETE', licensePath, onLicense('DELETE', '/revoke', { reason: 'refunded' })],
      ['a renewal', licensePath, onLicense('POST', '/renew', { duration_days: 1 })],
      ['a reissue', licensePath, onLicense('POST', '/reissue', {})],
    ])('are answered with it: %s', async (_, made, change) => {
      const path = await made();
      const before = await tagAt(path);
      const answer = await change(path);
      expectStatus(answer, 200);
      expect(tagOf(answer)).not.toBe(before);
      expect(tagOf(answer)).toBe(await tagAt(path));
    });

    it('are answered with a reinstatement', async () => {
      const path = await licensePath();
      await client.post(`${path}/suspend`, { reason: 'unpaid' });
      const answer = await client.post(`${path}/reinstate`, { reason: 'paid' });
      expect(tagOf(answer)).toBe(await tagAt(path));
    });

    it('have the same value in the answer to a creation as in a later read', async () => {
      const { id: customer_id } = await aCustomer(client);
      await client.patch(`/api/v1/customers/${customer_id}`, { phone: '1' });
      const order = { customer_id, module_name: 'p', allowed_major_versions: ['17'], license_type: 'demo' };
      for (const [path, body] of [
        ['customers', { id: aCustomerId(), name: 'Acme' }],
        ['licenses', order],
        ['admin/api-keys', { name: 'CI', scopes: ['licenses:read'] }],
        ['admin/webhooks', { url: 'http://127.0.0.1:9/hook' }],
      ] as const) {
        const answer = await client.post(`/api/v1/${path}`, body);
        expectStatus(answer, 201);
        expect(answer.headers.get('location')).toBe(`/api/v1/${path}/${answer.body.id as string}`);
        expect(tagOf(answer)).toBe(await tagAt(answer.headers.get('location')!));
      }
    });
  });

  interface Change {
    made: () => Promise<string>;
    /** Makes a change that leaves the resource there. */
    disturb: (path: string) => Promise<unknown>;
    send: (path: string, headers: Record<string, string>) => Promise<Answer>;
    status: number;
    missing: string;
    operation: [path: string, method: string];
  }
  const disturbLicense = (path: string): Promise<Answer> => client.patch(path, { notes: 'disturbed' });
  const onLicense = (method: string, action: string, body: unknown): Change => ({
    made: licensePath,
    disturb: disturbLicense,
    send: (path, headers) => client.send(method, path + action, body, headers),
    status: 200,
    missing: '/api/v1/licenses/00000000-0000-4000-8000-000000000000',
    operation: [`/api/v1/licenses/{id}${action}`, method.toLowerCase()],
  });
  const CHANGES: Record<string, Change> = {
    'PATCH /customers/{id}': {
      made: customerPath,
      disturb: (path) => client.patch(path, { phone: '1' }),
      send: (path, headers) => client.patch(path, { name: 'Renamed' }, headers),
      status: 200,
      missing: '/api/v1/customers/nobody',
      operation: ['/api/v1/customers/{id}', 'patch'],
    },
    'DELETE /customers/{id}': {
      made: customerPath,
      disturb: (path) => client.patch(path, { phone: '1' }),
      send: (path, headers) => client.delete(path, undefined, headers),
      status: 204,
      missing: '/api/v1/customers/nobody',
      operation: ['/api/v1/customers/{id}', 'delete'],
    },
    'PATCH /licenses/{id}': onLicense('PATCH', '', { notes: 'noted' }),
    'DELETE /licenses/{id}/revoke': onLicense('DELETE', '/revoke', { reason: 'refunded' }),
    'POST /licenses/{id}/revoke': onLicense('POST', '/revoke', { reason: 'refunded' }),
    'POST /licenses/{id}/suspend': onLicense('POST', '/suspend', { reason: 'unpaid' }),
    'POST /licenses/{id}/renew': onLicense('POST', '/renew', { duration_days: 1 }),
    'POST /licenses/{id}/reissue': onLicense('POST', '/reissue', {}),
    'PATCH /admin/api-keys/{id}': {
      made: keyPath,
      disturb: (path) => client.patch(path, { description: 'disturbed' }),
      send: (path, headers) => client.patch(path, { name: 'Renamed' }, headers),
      status: 200,
      missing: '/api/v1/admin/api-keys/000000000000',
      operation: ['/api/v1/admin/api-keys/{id}', 'patch'],
    },
    'POST /admin/api-keys/{id}/rotate': {
      made: keyPath,
      disturb: (path) => client.patch(path, { description: 'disturbed' }),
      send: (path, headers) => client.post(`${path}/rotate`, { grace_seconds: 60 }, headers),
      status: 200,
      missing: '/api/v1/admin/api-keys/000000000000',
      operation: ['/api/v1/admin/api-keys/{id}/rotate', 'post'],
    },
    'DELETE /admin/api-keys/{id}': {
      made: keyPath,
      disturb: (path) => client.patch(path, { description: 'disturbed' }),
      send: (path, headers) => client.delete(path, undefined, headers),
      status: 204,
      missing: '/api/v1/admin/api-keys/000000000000',
      operation: ['/api/v1/admin/api-keys/{id}', 'delete'],
    },
    'PATCH /admin/webhooks/{id}': {
      made: webhookPath,
      disturb: (path) => client.patch(path, { description: 'disturbed' }),
      send: (path, headers) => client.patch(path, { is_active: false }, headers),
      status: 200,
      missing: '/api/v1/admin/webhooks/00000000-0000-4000-8000-000000000000',
      operation: ['/api/v1/admin/webhooks/{id}', 'patch'],
    },
    'POST /admin/webhooks/{id}/rotate': {
      made: webhookPath,
      disturb: (path) => client.patch(path, { description: 'disturbed' }),
      send: (path, headers) => client.post(`${path}/rotate`, { overlap_seconds: 60 }, headers),
      status: 200,
      missing: '/api/v1/admin/webhooks/00000000-0000-4000-8000-000000000000',
      operation: ['/api/v1/admin/webhooks/{id}/rotate', 'post'],
    },
    'DELETE /admin/webhooks/{id}': {
      made: webhookPath,
      disturb: (path) => client.patch(path, { description: 'disturbed' }),
      send: (path, headers) => client.delete(path, undefined, headers),
      status: 204,
      missing: '/api/v1/admin/webhooks/00000000-0000-4000-8000-000000000000',
      operation: ['/api/v1/admin/webhooks/{id}', 'delete'],
    },
  };

  describe.each(Object.entries(CHANGES))(
    'demanded of %s by If-Match',
    (_, { made, disturb, send, status, missing, operation: [documented, method] }) => {
      it.each<[string, (tag: string) => string]>([
        ['the present one', (tag) => tag],
        ['any', () => '*'],
        ['one of several', (tag) => `"other" , "a,b",${tag}`],
      ])('allow the change: %s', async (_name, demand) => {
        const path = await made();
        expectStatus(await send(path, ifMatch(demand(await tagAt(path)))), status);
      });

      it('refuse the change if somebody was faster, and nothing changes', async () => {
        const path = await made();
        const old = await tagAt(path);
        await disturb(path);
        const before = await client.get(path);
        const answer = await send(path, ifMatch(old));
        expectStatus(answer, 412);
        expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
        expect(answer.body).toMatchObject({ status: 412, code: 'precondition_failed' });
        expect(answer.headers.get('etag')).toBeNull();
        expect((await client.get(path)).body).toEqual(before.body);
      });

      it('refuse the change for tags that match only weakly, or not at all', async () => {
        const path = await made();
        const tag = await tagAt(path);
        for (const demand of [
          `W/${tag}`,
          '"other"',
          `"x${tag.slice(1)}`,
          `"${tag.slice(1, -1)} "`.replace(' ', '!'),
        ])
          expect([demand, (await send(path, ifMatch(demand))).status]).toEqual([demand, 412]);
        expect(await tagAt(path)).toBe(tag);
      });

      it('refuse a value that is not a list of tags', async () => {
        const path = await made();
        const tag = await tagAt(path);
        for (const demand of [
          tag.slice(1, -1),
          `${tag} ${tag}`,
          `*, ${tag}`,
          '"',
          '',
          `${tag}x`,
          `w/${tag}`,
        ]) {
          const answer = await send(path, ifMatch(demand));
          expect([demand, answer.status]).toEqual([demand, 422]);
          expect(answer.body.errors).toEqual([{ field: 'If-Match', message: expect.any(String) }]);
        }
        expect(await tagAt(path)).toBe(tag);
      });

      it('reveal nothing about a resource that does not exist', async () => {
        for (const demand of ['*', '"1"']) expectStatus(await send(missing, ifMatch(demand)), 404);
      });

      it('are in the OpenAPI document', async () => {
        const document = (await client.get('/openapi.json')).body;
        const { parameters, responses } = document.paths[documented][method];
        expect(parameters).toContainEqual(
          expect.objectContaining({ in: 'header', name: 'If-Match', required: false }),
        );
        expect(JSON.stringify(responses['412'])).toContain('precondition_failed');
      });
    },
  );

  describe('demanded by If-Match', () => {
    it("notice a change of the license's customer", async () => {
      const license = await aLicense(client);
      const path = `/api/v1/licenses/${license.id}`;
      const old = await tagAt(path);
      await client.patch(`/api/v1/customers/${license.customer_id}`, { phone: '1' });
      expectStatus(await client.patch(path, { notes: 'noted' }, ifMatch(old)), 412);
    });

    it('tells the second of two who revoke that the first was faster', async () => {
      const path = await licensePath();
      const old = await tagAt(path);
      const revoke = (): Promise<Answer> =>
        client.delete(`${path}/revoke`, { reason: 'refunded' }, ifMatch(old));
      expectStatus(await revoke(), 200);
      expectStatus(await revoke(), 412);
    });

    it('accept one of ten changes at once', async () => {
      for (const [made, field] of [
        [customerPath, 'notes'],
        [licensePath, 'notes'],
      ] as const) {
        const path = await made();
        const tag = await tagAt(path);
        const answers = await Promise.all(
          Array.from({ length: 10 }, (_, index) =>
            client.patch(path, { [field]: `change ${index}` }, ifMatch(tag)),
          ),
        );
        const statuses = answers.map(({ status }) => status).sort();
        expect(statuses).toEqual([200, ...Array<number>(9).fill(412)]);
        const winner = answers.findIndex(({ status }) => status === 200);
        expect((await client.get(path)).body[field]).toBe(`change ${winner}`);
      }
    });

    it.each<[string, string, () => Promise<string>, (path: string, tag: string) => Promise<Answer>]>([
      ['a change', 'customers', customerPath, (path, tag) => client.patch(path, { name: 'x' }, ifMatch(tag))],
      ['a removal', 'customers', customerPath, (path, tag) => client.delete(path, undefined, ifMatch(tag))],
      ['a license', 'licenses', licensePath, (path, tag) => client.patch(path, { notes: 'x' }, ifMatch(tag))],
      ['an API key', 'api_keys', keyPath, (path, tag) => client.delete(path, undefined, ifMatch(tag))],
      ['a key', 'api_keys', keyPath, (path, tag) => client.patch(path, { name: 'x' }, ifMatch(tag))],
      ['a rotation', 'api_keys', keyPath, (path, tag) => client.post(`${path}/rotate`, {}, ifMatch(tag))],
    ])('are compared when the row is locked, not before: %s', async (_, table, made, send) => {
      const path = await made();
      const tag = await tagAt(path);
      await sql.query('BEGIN');
      await sql.query(`UPDATE ${table} SET version = version + 1 WHERE id::text = $1`, [
        path.split('/').at(-1),
      ]);
      const waiting = send(path, tag);
      await untilBlocked(sql);
      await sql.query('COMMIT');
      expectStatus(await waiting, 412);
    });

    it('are compared again when a renewal is written', async () => {
      const path = await licensePath();
      const tag = await tagAt(path);
      await sql.query('BEGIN');
      await sql.query('UPDATE licenses SET version = version + 1 WHERE id = $1', [path.split('/').at(-1)]);
      const waiting = client.post(`${path}/renew`, { duration_days: 1 }, ifMatch(tag));
      await untilBlocked(sql);
      await sql.query('COMMIT');
      expectStatus(await waiting, 412);
    });
  });
});
