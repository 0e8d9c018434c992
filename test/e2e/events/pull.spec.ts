import { once } from 'node:events';
import { get, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Client as Postgres } from 'pg';
import { expectStatus } from '../../support/contract/expect-status';
import { superuserOf } from '../../support/database/sql';
import { aCustomer, aCustomerId, anApiKey } from '../../support/factories';
import { type Answer, Client } from '../../support/requests/client';
import { testServer, type TestServer } from '../../support/processes/server';
import { Scrape } from '../../support/trail/scrape';
import { until } from '../../support/until';

const EVENTS = '/api/v1/events';
const KEYS = '/api/v1/admin/api-keys';
const HELD_PER_KEY = 10;

interface Event {
  id: string;
  position: number;
  type: string;
  data: Record<string, unknown>;
}

interface Page {
  events: Event[];
  last_position: number;
  has_more: boolean;
}

interface Held {
  request: ClientRequest;
  answer: Promise<{ status: number | undefined; text: string }>;
}

describe('GET /api/v1/events', () => {
  let server: TestServer;
  let admin: Client;
  let sql: Postgres;

  beforeAll(async () => {
    server = await testServer({
      variables: { DB_POOL_SIZE: '4', MAX_WAITING_REQUESTS: '10', EVENTS_RETENTION_DAYS: '30' },
    });
    admin = new Client(server.url, server.adminKey);
    sql = await superuserOf(server);
  });
  afterAll(async () => {
    await sql.end();
    await server.close();
  });

  async function pull(query: Record<string, string | number> = {}, client = admin): Promise<Page> {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) parameters.set(name, String(value));
    const answer = await client.get(`${EVENTS}?${parameters.toString()}`);
    expectStatus(answer, 200);
    return answer.body as Page;
  }

  /** Where all that has happened so far has its place. */
  async function position(): Promise<number> {
    await until('nothing waits for its place', async () => {
      const { rows } = await sql.query<{ left: number }>('SELECT count(*)::int AS left FROM event_outbox');
      return rows[0]?.left === 0;
    });
    const { rows } = await sql.query<{ last: number }>('SELECT last::float8 AS last FROM event_positions');
    return rows[0]!.last;
  }

  /** Makes customers, whose events come in this order. */
  async function madeCustomers(count: number): Promise<string[]> {
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) ids.push((await aCustomer(admin, { id: aCustomerId() })).id);
    return ids;
  }

  /** Events as rows, faster than by changes. @param data SQL of their content, of `n` */
  async function placedRows(count: number, type: string, data: string): Promise<void> {
    await sql.query(
      `WITH placed AS (
         INSERT INTO events (position, id, type, record_id, occurred_at, data)
         SELECT last + n, gen_random_uuid(), $2, n, now(), ${data} FROM event_positions, generate_series(1, $1) AS n)
       UPDATE event_positions SET last = last + $1`,
      [count, type],
    );
  }

  const customersOf = ({ events }: Page): unknown[] => events.map(({ data }) => data.customer_id);

  it('answers events in order, and where to continue', async () => {
    const after = await position();
    const ids = await madeCustomers(3);
    await position();
    const first = await pull({ after, limit: 2 });
    expect(customersOf(first)).toEqual(ids.slice(0, 2));
    expect(first.events.map((event) => event.position)).toEqual([after + 1, after + 2]);
    expect(first).toMatchObject({ last_position: after + 2, has_more: true });
    const second = await pull({ after: first.last_position });
    expect(customersOf(second)).toEqual(ids.slice(2));
    expect(second).toMatchObject({ last_position: after + 3, has_more: false });
    expect(await pull({ after: after + 3 })).toEqual({
      events: [],
      last_position: after + 3,
      has_more: false,
    });
  });

  it('begins with the first event', async () => {
    const { events } = await pull({ limit: 1 });
    expect(events.map((event) => event.position)).toEqual([1]);
  });

  it('continues after what a filter has left out', async () => {
    const after = await position();
    const [id] = await madeCustomers(1);
    expectStatus(await admin.patch(`/api/v1/customers/${id}`, { is_active: false }), 200);
    expectStatus(await admin.delete(`/api/v1/customers/${id}`), 204);
    await position();
    const typesOf = (page: Page): string[] => page.events.map(({ type }) => type);
    expect(typesOf(await pull({ after, type: 'customer.updated' }))).toEqual(['customer.updated']);
    expect(typesOf(await pull({ after, type: 'customer.updated,customer.deleted' }))).toEqual([
      'customer.updated',
      'customer.deleted',
    ]);
    expect(await pull({ after, type: 'license.revoked' })).toEqual({
      events: [],
      last_position: after + 3,
      has_more: false,
    });
    expect(await pull({ after, type: 'customer.created', limit: 1 })).toMatchObject({
      last_position: after + 1,
      has_more: true,
    });
  });

  it('looks through 10,000 events at most for those of a type', async () => {
    const after = await position();
    await placedRows(10_001, 'customer.created', `'{"audit_log_id": "1"}'`);
    const [id] = await madeCustomers(1);
    await position();
    const type = 'customer.deleted,license.revoked';
    expect(await pull({ after, type })).toEqual({
      events: [],
      last_position: after + 10_000,
      has_more: true,
    });
    expectStatus(await admin.delete(`/api/v1/customers/${id}`), 204);
    await position();
    expect(customersOf(await pull({ after: after + 10_000, type }))).toEqual([id]);
  });

  it('answers 4 MiB at most, and one event at least', async () => {
    const after = await position();
    // As large as an event may be; 61 of them are more than 4 MiB.
    await placedRows(61, 'customer.deleted', `jsonb_build_object('audit_log_id', repeat('x', 70000))`);
    const response = await fetch(`${server.url}${EVENTS}?after=${after}&limit=500`, {
      headers: { 'X-API-Key': server.adminKey },
    });
    const text = await response.text();
    expect(text.length).toBeLessThan(4.2 * 1024 * 1024);
    const page = JSON.parse(text) as Page;
    expect(page.events.length).toBeGreaterThan(50);
    expect(page).toMatchObject({ last_position: after + page.events.length, has_more: true });
  });

  it('refuses a position that no event has yet', async () => {
    const last = await position();
    const answer = await admin.get(`${EVENTS}?after=${last + 1}`);
    expect(answer).toMatchObject({ status: 409, body: { code: 'position_unknown', last_position: last } });
  });

  it('says where to begin when events were removed', async () => {
    await madeCustomers(2);
    const last = await position();
    const kept = last - 2;
    await sql.query(`UPDATE events SET numbered_at = now() - interval '31 days' WHERE position <= $1`, [
      kept,
    ]);
    await until('no old event is left', async () => {
      const { rows } = await sql.query<{ removed: number }>('SELECT events_forget(30, 10000) AS removed');
      return rows[0]?.removed === 0;
    });
    for (const after of [0, kept - 1])
      expect(await admin.get(`${EVENTS}?after=${after}`)).toMatchObject({
        status: 410,
        body: { code: 'events_expired', first_position: kept + 1 },
      });
    expect((await pull({ after: kept })).events.map((event) => event.position)).toEqual([last - 1, last]);
  });

  it.each([
    'after=-1',
    'after=x',
    'limit=0',
    'limit=501',
    'wait=31',
    'type=',
    'type=license.validated',
    'type=license.issued,',
    'type=license.issued&type=license.revoked',
    'types=license.issued',
  ])('refuses %s', async (query) => {
    expectStatus(await admin.get(`${EVENTS}?${query}`), 422);
  });

  describe('with wait', () => {
    it('answers as soon as an event comes', async () => {
      const after = await position();
      const answer = pull({ after, wait: 30 });
      const [id] = await madeCustomers(1);
      expect(customersOf(await answer)).toEqual([id]);
    });

    it('answers only events of the type that is asked for', async () => {
      const after = await position();
      const answer = pull({ after, wait: 30, type: 'customer.deleted' });
      const [id] = await madeCustomers(1);
      await position();
      expectStatus(await admin.delete(`/api/v1/customers/${id}`), 204);
      expect((await answer).events.map(({ type }) => type)).toEqual(['customer.deleted']);
    });

    it('answers without an event when the time is over, and says how far it has looked', async () => {
      const after = await position();
      const answer = pull({ after, wait: 1, type: 'license.revoked' });
      await madeCustomers(1);
      const { events, has_more } = await answer;
      expect([events, has_more]).toEqual([[], false]);
    });

    it('answers at once where there are events', async () => {
      const after = (await position()) - 1;
      expect((await pull({ after, wait: 30 })).events).toHaveLength(1);
    });

    it('holds ten requests a key, which neither take connections nor keep others out', async () => {
      const { key } = await anApiKey(admin, { scopes: ['events:read'] });
      const after = await position();
      const held = Array.from({ length: HELD_PER_KEY }, () => heldRequest(key, after));
      await untilHeld(server, HELD_PER_KEY);
      // The pool has 4 connections, and 10 requests may wait for the server.
      expectStatus(await admin.get('/api/v1/me'), 200);
      const refused = await new Client(server.url, key).get(`${EVENTS}?after=${after}&wait=30`);
      expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited']);
      held[0]!.request.destroy();
      await untilHeld(server, HELD_PER_KEY - 1);
      const others = [heldRequest(key, after), heldRequest(server.adminKey, after)];
      await untilHeld(server, HELD_PER_KEY + 1);
      const [id] = await madeCustomers(1);
      for (const { answer } of [...held.slice(1), ...others])
        expect(customersOf(JSON.parse((await answer).text) as Page)).toEqual([id]);
    });

    it.each([
      ['deleted', 401, (id: string) => admin.delete(`${KEYS}/${id}`)],
      ['narrowed', 403, (id: string) => admin.patch(`${KEYS}/${id}`, { scopes: ['stats:read'] })],
    ] as [string, number, (id: string) => Promise<Answer>][])(
      'refuses a key that is %s meanwhile',
      async (_how, status, end) => {
        const { id, key } = await anApiKey(admin, { scopes: ['events:read', 'stats:read'] });
        const after = await position();
        const type = 'customer.created';
        const held = Array.from({ length: HELD_PER_KEY }, () => heldRequest(key, after, type));
        await untilHeld(server, HELD_PER_KEY);
        expect((await end(id)).status).toBeLessThan(300);
        await madeCustomers(1);
        const answers = await Promise.all(held.map(({ answer }) => answer));
        expect(new Set(answers.map((one) => one.status))).toEqual(new Set([status]));
      },
    );
  });

  /** Asks for events that are still to come. */
  function heldRequest(key: string, after: number, type?: string): Held {
    const query = `after=${after}&wait=30${type === undefined ? '' : `&type=${type}`}`;
    const request = get(`${server.url}${EVENTS}?${query}`, { headers: { 'X-API-Key': key } });
    request.on('error', () => undefined);
    const answer = once(request, 'response').then(async (emitted) => {
      const [response] = emitted as [IncomingMessage];
      return { status: response.statusCode, text: await textOf(response) };
    });
    answer.catch(() => undefined);
    return { request, answer };
  }
});

describe('a request for events that is held', () => {
  it('is answered without one, at once, when the server stops', async () => {
    const server = await testServer();
    const admin = new Client(server.url, server.adminKey);
    const { body } = await admin.get(`${EVENTS}?limit=500`);
    const { last_position: after } = body as Page;
    const answer = fetch(`${server.url}${EVENTS}?after=${after}&wait=30&type=import.finished`, {
      headers: { 'X-API-Key': server.adminKey },
    });
    await untilHeld(server, 1);
    const closing = server.close();
    const page = (await (await answer).json()) as Page;
    expect(page.events).toEqual([]);
    await closing;
  });

  it('does not outlast the time in which its connection is closed', async () => {
    const server = await testServer({ variables: { HTTP_IDLE_TIMEOUT_MS: '1000' } });
    try {
      const response = await fetch(`${server.url}${EVENTS}?after=0&wait=30&type=import.finished`, {
        headers: { 'X-API-Key': server.adminKey },
      });
      expect([response.status, ((await response.json()) as Page).events]).toEqual([200, []]);
    } finally {
      await server.close();
    }
  });
});

/** Until so many requests are held. */
async function untilHeld({ metricsUrl }: TestServer, count: number): Promise<void> {
  await until(`${count} are held`, async () => {
    return (await Scrape.of(metricsUrl)).value('aegis_requests_held') === count;
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  return text;
}
