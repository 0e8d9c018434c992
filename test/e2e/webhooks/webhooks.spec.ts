import { randomUUID } from 'node:crypto';
import type { Client as Postgres } from 'pg';
import { expectStatus } from '../../support/contract/expect-status';
import { superuserOf, untilBlocked } from '../../support/database/sql';
import { aCustomer, aCustomerId, anApiKey, aWebhook } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { type Answer, Client } from '../../support/requests/client';
import { until } from '../../support/until';

const WEBHOOKS = '/api/v1/admin/webhooks';
const URL = 'https://hooks.example.com/aegis?key=canary-of-the-url';
const MOMENT = /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe('webhooks', () => {
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
  afterEach(() => sql.query('TRUNCATE webhook_endpoints, webhook_deliveries CASCADE'));

  const create = (body: object, headers?: Record<string, string>): Promise<Answer> =>
    admin.post(WEBHOOKS, body, headers);
  async function patched(id: string, body: object): Promise<Answer['body']> {
    const answer = await admin.patch(`${WEBHOOKS}/${id}`, body);
    expectStatus(answer, 200);
    return answer.body;
  }
  async function row(id: string): Promise<Record<string, unknown>> {
    const { rows } = await sql.query<Record<string, unknown>>(
      'SELECT * FROM webhook_endpoints WHERE id = $1',
      [id],
    );
    return rows[0]!;
  }
  async function deliveriesOf(id: string): Promise<unknown[]> {
    const { rows } = await sql.query<Record<string, unknown>>(
      'SELECT sequence::int AS sequence, state, failed_reason FROM webhook_deliveries WHERE endpoint_id = $1 ORDER BY 1',
      [id],
    );
    return rows;
  }
  /** Changes a customer, and waits until its event has its place. */
  async function changedCustomer(details: object = {}): Promise<string> {
    const { id } = await aCustomer(admin, { id: aCustomerId(), ...details });
    await until('nothing waits for its place', async () => {
      const { rows } = await sql.query<{ left: number }>('SELECT count(*)::int AS left FROM event_outbox');
      return rows[0]?.left === 0;
    });
    return id;
  }
  async function records(id: string): Promise<{ type: string; data: unknown }[]> {
    const { rows } = await sql.query<{ type: string; data: unknown }>(
      `SELECT event_type AS type, event_data AS data FROM audit_logs
       WHERE event_type LIKE 'webhook.%' AND event_data ->> 'id' = $1 ORDER BY audit_logs.id`,
      [id],
    );
    return rows;
  }

  describe('are created', () => {
    it('with a secret that is shown once, and a public key', async () => {
      const answer = await create({
        url: URL,
        description: 'The shop',
        event_types: ['license.*', 'customer.deleted'],
        module_names: ['payroll'],
        customer_ids: ['acme', 'globex'],
      });
      expectStatus(answer, 201);
      expect(answer.body).toEqual({
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        url: URL,
        description: 'The shop',
        event_types: ['license.*', 'customer.deleted'],
        module_names: ['payroll'],
        customer_ids: ['acme', 'globex'],
        api_version: '1',
        is_active: true,
        disabled_reason: null,
        disabled_at: null,
        public_key: expect.stringMatching(/^whpk_[A-Za-z0-9+/]{43}=$/),
        previous_valid_until: null,
        sequence: 0,
        last_success_at: null,
        failing_since: null,
        created_by: `api_key:${server.adminKey.split('_')[2]}`,
        created_at: expect.stringMatching(MOMENT),
        updated_at: expect.stringMatching(MOMENT),
        secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
      });
      const { secret, ...rest } = answer.body as { id: string; secret: string };
      const path = `${WEBHOOKS}/${rest.id}`;
      expect(answer.headers.get('location')).toBe(path);
      const read = await admin.get(path);
      expect([read.status, read.body]).toEqual([200, rest]);
      expect(read.headers.get('etag')).toBe(answer.headers.get('etag'));
      // It is on record only as the keys are sealed.
      expect(JSON.stringify(await row(rest.id))).not.toContain(secret.slice('whsec_'.length));
      expect(server.log()).not.toContain(secret);
    });

    it('for all events unless they say which', async () => {
      for (const filters of [{}, { event_types: null, module_names: null, customer_ids: null }]) {
        const { id } = await aWebhook(admin, { url: URL, event_types: null, ...filters });
        const body = (await admin.get(`${WEBHOOKS}/${id}`)).body as Record<string, unknown>;
        expect([body.event_types, body.module_names, body.customer_ids]).toEqual([null, null, null]);
      }
    });

    it.each([
      [{}, ['url']],
      [{ url: 'ftp://hooks.example.com' }, ['url']],
      [{ url: 'https://me:secret@hooks.example.com' }, ['url']],
      [{ url: 'https://hooks.example.com/#part' }, ['url']],
      [{ url: 'hooks.example.com' }, ['url']],
      [{ url: `https://hooks.example.com/${'x'.repeat(2048)}` }, ['url']],
      [{ url: URL, description: 'a\u0000b' }, ['description']],
      [{ url: URL, description: 'x'.repeat(501) }, ['description']],
      [{ url: URL, event_types: [] }, ['event_types']],
      [{ url: URL, event_types: ['license.validated'] }, ['event_types']],
      [{ url: URL, event_types: ['*'] }, ['event_types']],
      [{ url: URL, event_types: ['licenses.*'] }, ['event_types']],
      [{ url: URL, event_types: ['license.*', 'license.*'] }, ['event_types']],
      [{ url: URL, event_types: 'license.*' }, ['event_types']],
      [{ url: URL, module_names: ['pay roll'] }, ['module_names']],
      [{ url: URL, customer_ids: ['ac/me'] }, ['customer_ids']],
      [{ url: URL, customer_ids: [['acme']] }, ['customer_ids']],
      [{ url: URL, customer_ids: Array.from({ length: 101 }, (_, n) => `c${n}`) }, ['customer_ids']],
      [{ url: URL, is_active: false, secret: 'whsec_' }, ['is_active', 'secret']],
    ])('never of %j', async (body, fields) => {
      const answer = await create(body);
      expectStatus(answer, 422);
      const errors = answer.body.errors as { field: string }[];
      expect([...new Set(errors.map(({ field }) => field.split('.')[0]))].sort()).toEqual(fields);
    });

    it('once for a request that is sent again, with the same secret', async () => {
      const again = { 'Idempotency-Key': randomUUID() };
      const [first, second] = [await create({ url: URL }, again), await create({ url: URL }, again)];
      expect([first.status, second.status, second.headers.get('idempotent-replayed')]).toEqual([
        201,
        201,
        'true',
      ]);
      expect(second.body).toEqual(first.body);
      expect((await admin.get(WEBHOOKS)).body.total).toBe(1);
    });

    it('a hundred at most, also by requests at the same moment', async () => {
      await sql.query(
        `INSERT INTO webhook_endpoints (id, url, api_version, keys, public_key, created_by)
         SELECT gen_random_uuid(), 'https://hooks.example.com', '1', 'sealed', 'whpk_', 'Ada' FROM generate_series(1, 99)`,
      );
      const answers = await Promise.all(Array.from({ length: 4 }, () => create({ url: URL })));
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
      expect((await create({ url: URL })).body.code).toBe('webhook_limit_reached');
      const { body } = answers.find(({ status }) => status === 201)!;
      expectStatus(await admin.delete(`${WEBHOOKS}/${body.id as string}`), 204);
      expectStatus(await create({ url: URL }), 201);
    });
  });

  it('are listed, newest first, by pages or as one stream', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 3; n += 1) ids.unshift((await aWebhook(admin)).id);
    const first = (await admin.get(`${WEBHOOKS}?page_size=2`)).body as {
      webhooks: { id: string }[];
      total: number;
      next_cursor: string;
    };
    expect([first.webhooks.map(({ id }) => id), first.total]).toEqual([ids.slice(0, 2), 3]);
    const second = await admin.get(`${WEBHOOKS}?page_size=2&cursor=${first.next_cursor}`);
    expect(second.body.webhooks).toMatchObject(ids.slice(2).map((id) => ({ id })));
    const lines = await admin.get(WEBHOOKS, { Accept: 'text/csv' });
    expect((lines.body as string).trim().split(/\r?\n/)).toHaveLength(4);
    expect(JSON.stringify(first) + String(lines.body)).not.toContain('secret');
  });

  it('are not found where there is none', async () => {
    const at = `${WEBHOOKS}/${randomUUID()}`;
    for (const answer of [
      await admin.get(at),
      await admin.patch(at, { is_active: false }),
      await admin.post(`${at}/rotate`),
      await admin.post(`${at}/test`),
      await admin.delete(at),
    ])
      expect(answer).toMatchObject({ status: 404, body: { code: 'webhook_not_found' } });
    expectStatus(await admin.get(`${WEBHOOKS}/acme`), 422);
  });

  describe('are changed', () => {
    it('field by field; null empties one', async () => {
      const { id } = await aWebhook(admin, { url: URL, description: 'The shop', customer_ids: ['acme'] });
      const before = (await admin.get(`${WEBHOOKS}/${id}`)).body as Record<string, unknown>;
      const changes = {
        url: 'https://other.example.com/',
        event_types: ['license.revoked'],
        module_names: ['payroll'],
      };
      const after = await patched(id, changes);
      expect(after).toEqual({ ...before, ...changes, updated_at: after.updated_at });
      expect(after.updated_at > String(before.updated_at)).toBe(true);
      const nothing = { description: null, event_types: null, module_names: null, customer_ids: null };
      expect(await patched(id, nothing)).toMatchObject(nothing);
      expect((await admin.get(`${WEBHOOKS}/${id}`)).body).toMatchObject({ ...nothing, url: changes.url });
    });

    it('to a part of a filter, and to more than it', async () => {
      const { id } = await aWebhook(admin, { event_types: ['license.*', 'customer.*'] });
      for (const event_types of [['license.*'], ['license.*', 'api_key.*']])
        expect(await patched(id, { event_types })).toMatchObject({ event_types });
    });

    it('not by what they are already, in whatever order', async () => {
      const { id } = await aWebhook(admin, { event_types: ['license.*', 'customer.*'] });
      const before = await admin.get(`${WEBHOOKS}/${id}`);
      const same = { event_types: ['customer.*', 'license.*'], is_active: true, description: null };
      const after = await admin.patch(`${WEBHOOKS}/${id}`, same);
      expect([after.body, after.headers.get('etag')]).toEqual([before.body, before.headers.get('etag')]);
      expect((await records(id)).map(({ type }) => type)).toEqual(['webhook.created']);
    });

    it.each([
      [{ url: null }, 'url'],
      [{ url: 'http://user@hooks.example.com' }, 'url'],
      [{ description: 'a\tb' }, 'description'],
      [{ event_types: ['license.validated'] }, 'event_types'],
      [{ is_active: null }, 'is_active'],
      [{ api_version: '2' }, 'api_version'],
      [{ disabled_reason: 'gone' }, 'disabled_reason'],
    ])('never to %j', async (body, field) => {
      const { id } = await aWebhook(admin);
      const before = await row(id);
      const answer = await admin.patch(`${WEBHOOKS}/${id}`, body);
      expect(answer).toMatchObject({ status: 422, body: { errors: [{ field }] } });
      expect(await row(id)).toEqual(before);
    });

    it('so that later events follow the new filters', async () => {
      const { id } = await aWebhook(admin, { event_types: ['license.*'] });
      await changedCustomer();
      expect(await deliveriesOf(id)).toEqual([]);
      await patched(id, { event_types: ['customer.created'] });
      const customer = await changedCustomer();
      const pulled = await admin.get(`/api/v1/events?endpoint=${id}`);
      expect(pulled.body.events).toMatchObject([{ sequence: 1, data: { customer_id: customer } }]);
      expect((await admin.get(`${WEBHOOKS}/${id}`)).body.sequence).toBe(1);
    });
  });

  describe('that are disabled', () => {
    it('get nothing further, give up what waits, and begin without a backlog when they are enabled', async () => {
      const { id } = await aWebhook(admin, { event_types: ['customer.created'] });
      const other = await aWebhook(admin, { event_types: ['customer.created'] });
      await changedCustomer();
      await changedCustomer();
      expect(await deliveriesOf(id)).toMatchObject([{ state: 'pending' }, { state: 'pending' }]);
      expect(await patched(id, { is_active: false })).toMatchObject({
        is_active: false,
        disabled_reason: 'operator',
        disabled_at: expect.stringMatching(MOMENT),
      });
      const givenUp = { state: 'failed', failed_reason: 'endpoint_disabled' };
      expect(await deliveriesOf(id)).toMatchObject([givenUp, givenUp]);
      expect(await deliveriesOf(other.id)).toMatchObject([{ state: 'pending' }, { state: 'pending' }]);
      await changedCustomer();
      expect(await patched(id, { is_active: true })).toMatchObject({
        is_active: true,
        disabled_reason: null,
        disabled_at: null,
        sequence: 3,
      });
      await changedCustomer();
      expect(await deliveriesOf(id)).toMatchObject([
        givenUp,
        givenUp,
        givenUp,
        { sequence: 4, state: 'pending' },
      ]);
    });

    it('give up a large backlog too, and begin without what was left of it when they are enabled', async () => {
      const { id } = await aWebhook(admin, { event_types: ['customer.created'] });
      const wait = (from: number): Promise<unknown> =>
        sql.query(
          `INSERT INTO webhook_deliveries (endpoint_id, sequence, position, stream, state, created_at, due_at, holds_until)
           SELECT $1, $2 + n, 1, gen_random_uuid(), 'pending', now(), now() + interval '1 day', now()
           FROM generate_series(1, 1100) AS n`,
          [id, from],
        );
      const givenUp = async (): Promise<number> =>
        (await deliveriesOf(id)).filter((row) => (row as { state: string }).state === 'failed').length;
      await wait(0);
      await patched(id, { is_active: false });
      expect(await givenUp()).toBe(1100);
      // As if the process had ended meanwhile.
      await wait(2000);
      await patched(id, { is_active: true });
      expect(await givenUp()).toBe(2200);
    });

    it('leave no delivery open whose event gets its place at the same moment', async () => {
      const { id } = await aWebhook(admin, { event_types: ['customer.created'] });
      const watcher = await superuserOf(server);
      try {
        await sql.query('BEGIN');
        await sql.query('SELECT FROM webhook_progress WHERE endpoint_id = $1 FOR NO KEY UPDATE', [id]);
        await aCustomer(admin, { id: aCustomerId() });
        const disabling = patched(id, { is_active: false });
        // Both wait for the webhook's progress: the event's place, and the end of what is open.
        await untilBlocked(watcher, 2);
        await sql.query('COMMIT');
        await disabling;
      } finally {
        await watcher.end();
      }
      await until('the event has its delivery', async () => (await deliveriesOf(id)).length === 1);
      expect(await deliveriesOf(id)).toMatchObject([{ state: 'failed', failed_reason: 'endpoint_disabled' }]);
    });

    it.each([
      ['enabled', { is_active: true }],
      ['sent elsewhere', { url: 'http://127.0.0.1:9/new' }],
    ])('or fail count their failures from the beginning when they are %s', async (_how, change) => {
      const { id } = await aWebhook(admin);
      if ('is_active' in change) await patched(id, { is_active: false });
      await sql.query(
        `UPDATE webhook_progress SET failing_since = now() - interval '6 days' WHERE endpoint_id = $1`,
        [id],
      );
      expect(await patched(id, { description: 'other' })).toMatchObject({
        failing_since: expect.stringMatching(MOMENT),
      });
      expect(await patched(id, change)).toMatchObject({ failing_since: null });
    });
  });

  describe('are rotated', () => {
    it('to a new secret and key; the previous ones sign too for a day, or as long as is said', async () => {
      const made = await aWebhook(admin);
      const { keys } = await row(made.id);
      const answer = await admin.post(`${WEBHOOKS}/${made.id}/rotate`);
      expectStatus(answer, 200);
      expect(answer.body.secret).toMatch(/^whsec_/);
      expect(answer.body.secret).not.toBe(made.secret);
      expect(answer.body.public_key).not.toBe(made.public_key);
      const rotated = await row(made.id);
      expect(rotated.previous_keys).toBe(keys);
      expect(rotated.keys).not.toBe(keys);
      expect(await overlapOf(made.id)).toBe(86_400);
      expectStatus(await admin.post(`${WEBHOOKS}/${made.id}/rotate`, { overlap_seconds: 600 }), 200);
      expect((await row(made.id)).previous_keys).toBe(rotated.keys);
      expect(await overlapOf(made.id)).toBe(600);
    });

    it('at once where no overlap is wanted', async () => {
      const { id } = await aWebhook(admin);
      expectStatus(await admin.post(`${WEBHOOKS}/${id}/rotate`), 200);
      const answer = await admin.post(`${WEBHOOKS}/${id}/rotate`, { overlap_seconds: 0 });
      expect(answer.body.previous_valid_until).toBeNull();
      expect((await row(id)).previous_keys).toBeNull();
    });

    it('once for a request that is sent again', async () => {
      const { id } = await aWebhook(admin);
      const again = { 'Idempotency-Key': randomUUID() };
      const rotate = (): Promise<Answer> => admin.post(`${WEBHOOKS}/${id}/rotate`, undefined, again);
      const [first, second] = [await rotate(), await rotate()];
      expect([first.status, second.body]).toEqual([200, first.body]);
    });

    it.each([-1, 604_801, 1.5, '60', null])('never with an overlap of %j', async (overlap_seconds) => {
      const { id } = await aWebhook(admin);
      const answer = await admin.post(`${WEBHOOKS}/${id}/rotate`, { overlap_seconds });
      expect(answer).toMatchObject({ status: 422, body: { errors: [{ field: 'overlap_seconds' }] } });
    });

    async function overlapOf(id: string): Promise<number> {
      const { rows } = await sql.query<{ seconds: number }>(
        `SELECT round(extract(epoch FROM previous_valid_until - updated_at))::int AS seconds
         FROM webhook_endpoints WHERE id = $1`,
        [id],
      );
      return rows[0]!.seconds;
    }
  });

  it('are deleted with their keys, and get nothing further', async () => {
    const { id } = await aWebhook(admin, { event_types: ['customer.created'] });
    await changedCustomer();
    expectStatus(await admin.post(`${WEBHOOKS}/${id}/rotate`), 200);
    expectStatus(await admin.delete(`${WEBHOOKS}/${id}`), 204);
    expectStatus(await admin.get(`${WEBHOOKS}/${id}`), 404);
    expectStatus(await admin.delete(`${WEBHOOKS}/${id}`), 404);
    expectStatus(await admin.get(`/api/v1/events?endpoint=${id}`), 404);
    expect((await admin.get(WEBHOOKS)).body.total).toBe(0);
    expect(await row(id)).toMatchObject({ keys: '', previous_keys: null, previous_valid_until: null });
    await changedCustomer();
    expect(await deliveriesOf(id)).toHaveLength(1);
  });

  it('leave a record of each change, without the path of their URL or a secret', async () => {
    const { id, secret } = await aWebhook(admin, { url: URL, event_types: null, description: 'The shop' });
    await patched(id, { url: `${URL}2`, customer_ids: ['acme'] });
    await patched(id, { is_active: false });
    const rotated = await admin.post(`${WEBHOOKS}/${id}/rotate`, { overlap_seconds: 60 });
    expectStatus(await admin.delete(`${WEBHOOKS}/${id}`), 204);
    const origin = 'https://hooks.example.com';
    expect(await records(id)).toEqual([
      { type: 'webhook.created', data: { id, origin, fields: ['url', 'description'] } },
      { type: 'webhook.updated', data: { id, origin, fields: ['url', 'customer_ids'] } },
      { type: 'webhook.updated', data: { id, origin, fields: ['is_active'], is_active: false } },
      { type: 'webhook.rotated', data: { id, origin, fields: ['keys'], overlap_seconds: 60 } },
      { type: 'webhook.deleted', data: { id, origin } },
    ]);
    for (const text of ['canary-of-the-url', secret, rotated.body.secret as string])
      expect(server.log()).not.toContain(text);
  });

  it('make no events of their own', async () => {
    const { id } = await aWebhook(admin, { event_types: null });
    await patched(id, { description: 'other' });
    const customer = await changedCustomer();
    const { body } = await admin.get(`/api/v1/events?endpoint=${id}`);
    expect((body.events as { data: { customer_id: string } }[]).map(({ data }) => data.customer_id)).toEqual([
      customer,
    ]);
  });

  it('are for keys with webhooks:manage alone', async () => {
    const { key } = await anApiKey(admin, { scopes: ['webhooks:manage'] });
    const manager = new Client(server.url, key);
    expectStatus(await manager.post(WEBHOOKS, { url: URL }), 201);
    const other = await anApiKey(admin, { scopes: ['events:read', 'audit:read'] });
    expectStatus(await new Client(server.url, other.key).get(WEBHOOKS), 403);
  });
});
