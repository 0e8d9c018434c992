import { PATIENCE } from '../../support/patience';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Client as Postgres } from 'pg';
import { expectStatus } from '../../support/contract/expect-status';
import { superuserOf, untilBlocked } from '../../support/database/sql';
import { aCustomer, aCustomerId, anApiKey, aWebhook } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { type Answer, Client } from '../../support/requests/client';
import { until } from '../../support/until';

const WEBHOOKS = '/api/v1/admin/webhooks';

interface Message {
  id: string;
  sequence: number;
  type: string;
  data: { customer_id: string };
}

interface Delivery {
  id: string;
  sequence: number;
  event: { id: string; type: string; position: number };
  state: string;
  failed_reason: string | null;
  attempts: number;
  status: number | null;
  error: string | null;
  answer: string | null;
}

function expectProblem(answer: Answer, status: number, code: string): void {
  expect({ status: answer.status, code: answer.body.code as unknown }).toEqual({ status, code });
}

describe('deliveries of a webhook', () => {
  let server: TestServer;
  let admin: Client;
  let sql: Postgres;
  let receiver: Server;
  let url: string;
  let status = 204;
  const bodies: string[] = [];

  beforeAll(async () => {
    server = await testServer({ variables: PATIENCE });
    admin = new Client(server.url, server.adminKey);
    sql = await superuserOf(server);
    receiver = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        bodies.push(body);
        response.writeHead(status, { 'content-type': 'text/plain' }).end(status === 204 ? '' : 'busy');
      });
    });
    receiver.listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  });
  beforeEach(() => {
    status = 204;
    bodies.length = 0;
  });
  afterEach(() => sql.query('TRUNCATE webhook_endpoints, webhook_deliveries CASCADE'));
  afterAll(async () => {
    await sql.end();
    await server.close();
    receiver.closeAllConnections();
    receiver.close();
  });

  const sent = (): Message[] => bodies.map((body) => JSON.parse(body) as Message);
  async function webhook(details: object = {}): Promise<string> {
    return (await aWebhook(admin, { url, event_types: ['customer.*'], ...details })).id;
  }
  async function list(id: string, query = ''): Promise<Delivery[]> {
    const answer = await admin.get(`${WEBHOOKS}/${id}/deliveries${query}`);
    expectStatus(answer, 200);
    return answer.body.deliveries as Delivery[];
  }
  /** Waits until the deliveries of a webhook are as they should be. */
  async function untilAll(
    id: string,
    count: number,
    matches: (delivery: Delivery) => boolean,
  ): Promise<Delivery[]> {
    let found: Delivery[] = [];
    await until(`${count} deliveries are as they should be`, async () => {
      found = await list(id);
      return found.length === count && found.every(matches);
    });
    return found;
  }
  const isDelivered = ({ state }: Delivery): boolean => state === 'delivered';
  const change = (id: string): Promise<Answer> =>
    admin.patch(`/api/v1/customers/${id}`, { notes: String(Math.trunc(performance.now())) });

  it('are listed newest first, each with what became of it, and read with the body that was sent', async () => {
    const id = await webhook();
    const customer = await aCustomer(admin, { id: aCustomerId() });
    expectStatus(await change(customer.id), 200);
    const [newer, older] = await untilAll(id, 2, isDelivered);
    expect(newer).toEqual({
      id: expect.any(String),
      sequence: 2,
      event: { id: sent()[1]!.id, type: 'customer.updated', position: older!.event.position + 1 },
      state: 'delivered',
      failed_reason: null,
      attempts: 1,
      next_attempt_at: null,
      attempted_at: expect.any(String),
      ended_at: expect.any(String),
      status: 204,
      error: null,
      latency_ms: expect.any(Number),
      answer: null,
      created_at: expect.any(String),
    });
    expect(older).toMatchObject({ sequence: 1, event: { type: 'customer.created' } });
    const read = await admin.get(`${WEBHOOKS}/${id}/deliveries/${older!.id}`);
    expectStatus(read, 200);
    expect(read.body).toEqual({ ...older, request_body: bodies[0] });
  });

  it('are narrowed by state, and continued by cursor', async () => {
    const id = await webhook();
    const customer = await aCustomer(admin, { id: aCustomerId() });
    for (let n = 0; n < 3; n += 1) expectStatus(await change(customer.id), 200);
    await untilAll(id, 4, isDelivered);
    expect((await list(id, '?state=delivered')).map(({ sequence }) => sequence)).toEqual([4, 3, 2, 1]);
    expect(await list(id, '?state=failed')).toEqual([]);
    const first = await admin.get(`${WEBHOOKS}/${id}/deliveries?page_size=3`);
    expect(first.body).toMatchObject({ total: 4, page_size: 3 });
    const next = await list(id, `?page_size=3&cursor=${first.body.next_cursor as string}`);
    expect(next.map(({ sequence }) => sequence)).toEqual([1]);
    const other = await webhook();
    const refused = await admin.get(
      `${WEBHOOKS}/${other}/deliveries?cursor=${first.body.next_cursor as string}`,
    );
    expectProblem(refused, 422, 'validation_failed');
  });

  it('show why an attempt failed, for a week what the receiver said, and are attempted now when asked', async () => {
    const id = await webhook();
    status = 503;
    await aCustomer(admin, { id: aCustomerId() });
    const [failed] = await untilAll(id, 1, ({ error }) => error !== null);
    expect(failed).toMatchObject({ state: 'pending', status: 503, error: 'status', answer: 'busy' });
    expect(failed).toMatchObject({ next_attempt_at: expect.any(String), ended_at: null });
    status = 204;
    await sql.query(`UPDATE webhook_deliveries SET due_at = now() + interval '1 hour' WHERE id = $1`, [
      failed!.id,
    ]);
    const answer = await admin.post(`${WEBHOOKS}/deliveries/${failed!.id}/redeliver`);
    expectStatus(answer, 200);
    expect(answer.body).toMatchObject({ id: failed!.id, state: 'pending', attempts: 0, error: null });
    await untilAll(id, 1, isDelivered);
    expect(sent().every(({ id: event }) => event === failed!.event.id)).toBe(true);
  });

  it('that another process claims at this moment are not attempted twice at a time', async () => {
    const id = await webhook();
    status = 503;
    await aCustomer(admin, { id: aCustomerId() });
    const [failed] = await untilAll(id, 1, ({ error }) => error === 'status');
    const watcher = await superuserOf(server);
    try {
      await sql.query('BEGIN');
      await sql.query(
        `UPDATE webhook_deliveries SET attempts = 7, attempted_at = now(), error = NULL, due_at = now() + interval '1 hour'`,
      );
      const asked = admin.post(`${WEBHOOKS}/deliveries/${failed!.id}/redeliver`);
      await untilBlocked(watcher);
      await sql.query('COMMIT');
      expectStatus(await asked, 200);
    } finally {
      await watcher.end();
    }
    expect(await list(id)).toMatchObject([{ attempts: 7, error: null }]);
  });

  it('that were made are sent again, as the same event', async () => {
    const id = await webhook();
    await aCustomer(admin, { id: aCustomerId() });
    const [made] = await untilAll(id, 1, isDelivered);
    expectStatus(await admin.post(`${WEBHOOKS}/deliveries/${made!.id}/redeliver`), 200);
    await until('it is sent again', () => Promise.resolve(bodies.length === 2));
    expect(bodies[1]).toBe(bodies[0]);
    const { rows } = await sql.query<{ actor: string; data: unknown }>(
      `SELECT actor, event_data AS data FROM audit_logs WHERE event_type = 'webhook.redelivered' ORDER BY id DESC LIMIT 1`,
    );
    expect(rows[0]!.actor).toMatch(/^api_key:/);
    expect(rows[0]!.data).toEqual({ id, origin: new URL(url).origin, count: 1, delivery_id: made!.id });
  });

  it('that were given up since a moment are sent again, in order', async () => {
    const id = await webhook();
    const customers = [aCustomerId(), aCustomerId()];
    for (const customer of customers) await aCustomer(admin, { id: customer });
    await untilAll(id, 2, isDelivered);
    const { rows } = await sql.query<{ now: Date }>(
      `SELECT date_trunc('milliseconds', clock_timestamp()) + interval '1 millisecond' AS now`,
    );
    const since = rows[0]!.now.toISOString();
    await until(
      'a later moment',
      async () =>
        (await sql.query(`SELECT 1 WHERE clock_timestamp() > $1::timestamptz`, [since])).rowCount === 1,
    );
    for (let n = 0; n < 3; n += 1)
      for (const customer of customers) expectStatus(await change(customer), 200);
    await untilAll(id, 8, isDelivered);
    bodies.length = 0;
    await sql.query(
      `UPDATE webhook_deliveries SET state = CASE sequence WHEN 4 THEN 'sent_before_restore' WHEN 5 THEN 'delivered' ELSE 'failed' END,
              failed_reason = CASE WHEN sequence NOT IN (4, 5) THEN 'attempts_used' END, attempts = 9
       WHERE endpoint_id = $1`,
      [id],
    );
    const before = await admin.post(`${WEBHOOKS}/${id}/redeliver?since=${since}&state=sent_before_restore`);
    expectStatus(before, 200);
    expect(before.body).toEqual({ redelivered: 1, complete: true });
    await until('it is sent', () => Promise.resolve(bodies.length === 1));
    const all = await admin.post(`${WEBHOOKS}/${id}/redeliver?since=${since}`);
    expect(all.body).toEqual({ redelivered: 4, complete: true });
    await until('they are sent', () => Promise.resolve(bodies.length === 5));
    expect(sent()[0]!.sequence).toBe(4);
    const later = sent().slice(1);
    expect(later.map(({ sequence }) => sequence).sort()).toEqual([3, 6, 7, 8]);
    for (const customer of customers) {
      const order = later.filter(({ data }) => data.customer_id === customer).map(({ sequence }) => sequence);
      expect(order).toEqual([...order].sort());
    }
    await until('they are recorded', async () => (await list(id, '?state=failed')).length === 2);
    const again = await admin.post(`${WEBHOOKS}/${id}/redeliver?since=${since}`);
    expect(again.body).toEqual({ redelivered: 0, complete: true });
  });

  it('are repeated in several transactions, and no more than 20,000 in a request', async () => {
    const id = await webhook({ url: 'http://127.0.0.1:9/hook' });
    await aCustomer(admin, { id: aCustomerId() });
    await untilAll(id, 1, () => true);
    await sql.query(
      `INSERT INTO webhook_deliveries (endpoint_id, sequence, position, stream, state, failed_reason, created_at, due_at, holds_until, ended_at)
       SELECT endpoint_id, 1000000000 + n, position, gen_random_uuid(), 'failed', 'attempts_used', created_at, due_at, due_at, now()
       FROM webhook_deliveries, generate_series(1, 20001) AS n WHERE endpoint_id = $1`,
      [id],
    );
    await sql.query('UPDATE webhook_progress SET sequence = 1000020001 WHERE endpoint_id = $1', [id]);
    const first = await admin.post(`${WEBHOOKS}/${id}/redeliver?since=2026-01-01T00:00:00Z`);
    expectStatus(first, 200);
    expect(first.body).toEqual({ redelivered: 20_000, complete: false });
    const rest = await admin.post(`${WEBHOOKS}/${id}/redeliver?since=2026-01-01T00:00:00Z`);
    expect(rest.body).toEqual({ redelivered: 1, complete: true });
  });

  it('of a webhook that is disabled are not repeated', async () => {
    const id = await webhook();
    await aCustomer(admin, { id: aCustomerId() });
    const [made] = await untilAll(id, 1, isDelivered);
    expectStatus(await admin.patch(`${WEBHOOKS}/${id}`, { is_active: false }), 200);
    for (const path of [`${id}/redeliver?since=2026-01-01T00:00:00Z`, `deliveries/${made!.id}/redeliver`])
      expectProblem(await admin.post(`${WEBHOOKS}/${path}`), 409, 'webhook_disabled');
    expect(await list(id)).toMatchObject([{ state: 'delivered' }]);
  });

  it('are gone with their event, and with their webhook', async () => {
    const id = await webhook();
    await aCustomer(admin, { id: aCustomerId() });
    const [made] = await untilAll(id, 1, isDelivered);
    const paths = [`${id}/deliveries/${made!.id}`, `deliveries/${made!.id}/redeliver`];
    await sql.query('UPDATE event_positions SET forgotten = last');
    await sql.query('DELETE FROM events');
    expect(await list(id)).toEqual([]);
    expectProblem(await admin.get(`${WEBHOOKS}/${paths[0]}`), 404, 'delivery_not_found');
    expectProblem(await admin.post(`${WEBHOOKS}/${paths[1]}`), 404, 'delivery_not_found');
    const since = await admin.post(`${WEBHOOKS}/${id}/redeliver?since=2026-01-01T00:00:00Z`);
    expect(since.body).toEqual({ redelivered: 0, complete: true });
    const other = await webhook();
    await aCustomer(admin, { id: aCustomerId() });
    const [last] = await untilAll(other, 1, isDelivered);
    expectProblem(await admin.get(`${WEBHOOKS}/${id}/deliveries/${last!.id}`), 404, 'delivery_not_found');
    expectStatus(await admin.delete(`${WEBHOOKS}/${other}`), 204);
    expectProblem(await admin.get(`${WEBHOOKS}/${other}/deliveries`), 404, 'webhook_not_found');
    expectProblem(await admin.get(`${WEBHOOKS}/${other}/deliveries/${last!.id}`), 404, 'webhook_not_found');
    expectProblem(
      await admin.post(`${WEBHOOKS}/deliveries/${last!.id}/redeliver`),
      404,
      'delivery_not_found',
    );
    expectProblem(
      await admin.post(`${WEBHOOKS}/${other}/redeliver?since=2026-01-01T00:00:00Z`),
      404,
      'webhook_not_found',
    );
  });

  it('are for who manages webhooks', async () => {
    const id = await webhook();
    const reader = new Client(server.url, (await anApiKey(admin, { scopes: ['events:read'] })).key);
    expectProblem(await reader.get(`${WEBHOOKS}/${id}/deliveries`), 403, 'insufficient_scope');
  });

  it.each(['', '?since=yesterday', '?since=2026-01-01T00:00:00Z&state=delivered'])(
    'are not repeated for a question that is not one: %s',
    async (query) => {
      const id = await webhook();
      expectProblem(await admin.post(`${WEBHOOKS}/${id}/redeliver${query}`), 422, 'validation_failed');
    },
  );
});
