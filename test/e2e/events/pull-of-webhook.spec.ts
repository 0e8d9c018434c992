import { randomUUID } from 'node:crypto';
import type { Client as Postgres } from 'pg';
import { expectStatus } from '../../support/contract/expect-status';
import { superuserOf } from '../../support/database/sql';
import { disabledWebhook } from '../../support/database/webhook-rows';
import { aCustomer, aCustomerId } from '../../support/factories';
import { Client } from '../../support/requests/client';
import { testServer, type TestServer } from '../../support/processes/server';
import { Scrape } from '../../support/trail/scrape';
import { until } from '../../support/until';

interface Event {
  id: string;
  sequence: number;
  position?: number;
  data: Record<string, unknown>;
}

interface Page {
  events: Event[];
  last_sequence: number;
  has_more: boolean;
}

describe('GET /api/v1/events?endpoint=', () => {
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

  const webhook = (eventTypes = ['customer.*']): Promise<string> => disabledWebhook(sql, eventTypes);
  const ask = (endpoint: string, query: Record<string, string | number> = {}) => {
    const parameters = new URLSearchParams({ endpoint });
    for (const [name, value] of Object.entries(query)) parameters.set(name, String(value));
    return admin.get(`/api/v1/events?${parameters.toString()}`);
  };
  async function pull(endpoint: string, query: Record<string, string | number> = {}): Promise<Page> {
    const answer = await ask(endpoint, query);
    expectStatus(answer, 200);
    return answer.body as Page;
  }
  async function placed(): Promise<void> {
    await until('nothing waits for its place', async () => {
      const { rows } = await sql.query<{ left: number }>('SELECT count(*)::int AS left FROM event_outbox');
      return rows[0]?.left === 0;
    });
  }
  async function madeCustomers(count: number): Promise<string[]> {
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) ids.push((await aCustomer(admin, { id: aCustomerId() })).id);
    await placed();
    return ids;
  }
  const customersOf = ({ events }: Page): unknown[] => events.map(({ data }) => data.customer_id);
  const sequencesOf = ({ events }: Page): number[] => events.map(({ sequence }) => sequence);

  it('answers what the webhook gets, as it gets it, in the order of its sequences', async () => {
    const id = await webhook();
    const other = await webhook(['license.*']);
    const ids = await madeCustomers(3);
    const page = await pull(id);
    expect(customersOf(page)).toEqual(ids);
    expect(sequencesOf(page)).toEqual([1, 2, 3]);
    expect(page).toMatchObject({ last_sequence: 3, has_more: false });
    expect(Object.keys(page).sort()).toEqual(['events', 'has_more', 'last_sequence']);
    expect(Object.keys(page.events[0]!)).toEqual([
      'id',
      'sequence',
      'type',
      'timestamp',
      'api_version',
      'data',
    ]);
    expect(await pull(other)).toEqual({ events: [], last_sequence: 0, has_more: false });
  });

  it('continues after a sequence', async () => {
    const id = await webhook();
    const ids = await madeCustomers(3);
    const first = await pull(id, { limit: 2 });
    expect(customersOf(first)).toEqual(ids.slice(0, 2));
    expect(first).toMatchObject({ last_sequence: 2, has_more: true });
    const second = await pull(id, { after: 2, limit: 1 });
    expect([customersOf(second), second.last_sequence, second.has_more]).toEqual([ids.slice(2), 3, false]);
    expect(await pull(id, { after: 3 })).toEqual({ events: [], last_sequence: 3, has_more: false });
  });

  it('answers 4 MiB at most, and continues after them', async () => {
    const id = await webhook(['license.revoked']);
    // As large as an event may be; 61 of them are more than 4 MiB.
    await sql.query(
      `WITH place AS (SELECT last FROM event_positions), placed AS (
         INSERT INTO events (position, id, type, record_id, occurred_at, data)
         SELECT last + n, gen_random_uuid(), 'license.revoked', n, now(),
                jsonb_build_object('audit_log_id', repeat('x', 70000)) FROM place, generate_series(1, 61) AS n)
       UPDATE event_positions SET last = last + 61`,
    );
    await sql.query('SELECT webhooks_fan_out(last - 61, last) FROM event_positions');
    // Past the contract, which such events break.
    const read = async (after: number): Promise<Page> => {
      const query = `endpoint=${id}&limit=500&after=${after}`;
      const headers = { 'X-API-Key': server.adminKey };
      return (await (await fetch(`${server.url}/api/v1/events?${query}`, { headers })).json()) as Page;
    };
    const page = await read(0);
    expect(page.events.length).toBeGreaterThan(50);
    expect(page.events.length).toBeLessThan(61);
    expect(page).toMatchObject({ last_sequence: page.events.length, has_more: true });
    const rest = await read(page.last_sequence);
    expect(page.events.length + rest.events.length).toBe(61);
  });

  it('waits for the next event of the webhook, not for others', async () => {
    const id = await webhook(['customer.deleted']);
    const answer = pull(id, { wait: 30 });
    await until('the request is held', async () => {
      return (await Scrape.of(server.metricsUrl)).value('aegis_requests_held') === 1;
    });
    const [customer] = await madeCustomers(1);
    expectStatus(await admin.delete(`/api/v1/customers/${customer}`), 204);
    const page = await answer;
    expect([customersOf(page), page.last_sequence]).toEqual([[customer], 1]);
  });

  it('answers without an event when the time is over', async () => {
    const id = await webhook(['customer.deleted']);
    expect(await pull(id, { wait: 1 })).toEqual({ events: [], last_sequence: 0, has_more: false });
  });

  it('refuses a sequence that no event has yet', async () => {
    const id = await webhook();
    await madeCustomers(1);
    expect(await ask(id, { after: 2 })).toMatchObject({
      status: 409,
      body: { code: 'position_unknown', last_sequence: 1 },
    });
  });

  it('says where to begin when events were removed, before and after their deliveries are', async () => {
    const id = await webhook();
    await madeCustomers(3);
    await sql.query(
      `UPDATE events SET numbered_at = now() - interval '91 days'
       WHERE position <= (SELECT position FROM webhook_deliveries WHERE endpoint_id = $1 AND sequence = 2)`,
      [id],
    );
    await until('no old event is left', async () => {
      const { rows } = await sql.query<{ removed: number }>('SELECT events_forget(90, 10000) AS removed');
      return rows[0]?.removed === 0;
    });
    const expectExpired = async (): Promise<void> => {
      for (const after of [0, 1])
        expect(await ask(id, { after })).toMatchObject({
          status: 410,
          body: { code: 'events_expired', first_sequence: 3 },
        });
      expect(sequencesOf(await pull(id, { after: 2 }))).toEqual([3]);
    };
    await expectExpired();
    await sql.query('SELECT webhooks_forget(10000)');
    await expectExpired();
  });

  it('says where to begin when all events were removed', async () => {
    const id = await webhook();
    await madeCustomers(2);
    await sql.query(`UPDATE events SET numbered_at = now() - interval '91 days'`);
    await sql.query('SELECT events_forget(90, 10000)');
    expect(await ask(id, { after: 1 })).toMatchObject({ status: 410, body: { first_sequence: 3 } });
    expect(await pull(id, { after: 2 })).toEqual({ events: [], last_sequence: 2, has_more: false });
  });

  it('knows no webhook that is not there, or was deleted', async () => {
    const id = await webhook();
    await sql.query('UPDATE webhook_endpoints SET deleted_at = now() WHERE id = $1', [id]);
    for (const gone of [id, randomUUID()])
      expect(await ask(gone)).toMatchObject({ status: 404, body: { code: 'webhook_not_found' } });
  });

  it('takes no types, since the webhook has its own, and no other id', async () => {
    const answer = await ask(await webhook(), { type: 'customer.created' });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ field: 'type' }] } });
    expectStatus(await ask('acme'), 422);
  });
});
