import { AuditLog } from '@aegis/audit';
import { postgresOptions } from '@aegis/database';
import { PlacedEvents } from '@aegis/events';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { randomUUID } from 'node:crypto';
import type { RequestListener, ServerResponse } from 'node:http';
import { Writable } from 'node:stream';
import type { Client } from 'pg';
import { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../../test/support/database/database';
import { superuserOf } from '../../../../test/support/database/sql';
import { jobsOf, stopJobs } from '../../../../test/support/jobs';
import { until } from '../../../../test/support/until';
import { happen, insertEndpoint } from '../../../../test/support/webhooks/endpoints';
import type { EndpointKeyBox } from '../keys/endpoint-key-box';
import { OpenedKeys } from '../keys/opened-keys';
import { KEYS, type Received, Receivers } from '../sending/receivers.fixture';
import { AttemptMetrics } from './attempt-metrics';
import { DeliveryClaims } from './claims';
import { Deliverer } from './deliverer';
import { DeliveryAttempts } from './delivery-attempts';
import { EndpointDisabling } from './disabling';
import { DeliveryOutcomes } from './outcomes';

const LICENSE = '7a51f2f0-3f0e-4c5e-9a53-0d5e1c2b7f10';
const OTHER_LICENSE = 'b1c2d3e4-3f0e-4c5e-9a53-0d5e1c2b7f11';

interface Body {
  id: string;
  sequence: number;
  type: string;
  timestamp: string;
  api_version: string;
  data: { license_id: string };
}

interface Row {
  sequence: string;
  state: string;
  failed_reason: string | null;
  attempts: number;
  error: string | null;
  /** Seconds from the begin of the attempt to the next. */
  pause: number;
}

interface DelivererParts {
  on: DataSource;
  /** How it opens keys. */
  open: EndpointKeyBox['open'];
  /** Whether it looks for deliveries by itself. */
  isStarted: boolean;
}

interface RunningDeliverer {
  stop: () => Promise<void>;
  placedEvents: PlacedEvents;
  metrics: Metrics;
  log: () => string;
}

const answer =
  (status: number, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    response.writeHead(status, headers).end('text');
const bodyOf = ({ body }: Received): Body => JSON.parse(body) as Body;

describe('a deliverer', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let sql: Client;
  let receivers: Receivers;
  let running: RunningDeliverer[];

  beforeEach(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([]);
    sql = await superuserOf({ database });
    receivers = new Receivers();
    running = [];
  });
  afterEach(async () => {
    await Promise.all(running.map(({ stop }) => stop()));
    await receivers.close();
    await sql.end();
    await database.drop();
  });

  /** One process that delivers. */
  async function deliver({
    on = dataSource,
    open = () => Promise.resolve(KEYS),
    isStarted = true,
  }: Partial<DelivererParts> = {}): Promise<RunningDeliverer> {
    let text = '';
    const stream = new Writable({
      write: (chunk, _, done) => {
        text += String(chunk);
        done();
      },
    });
    const logger = new Logger({ level: 'info', format: 'json', stream });
    const metrics = new Metrics();
    const jobs = jobsOf({ logger, metrics });
    const placedEvents = new PlacedEvents();
    new Deliverer(
      new DeliveryClaims(on),
      new DeliveryAttempts(new OpenedKeys({ open } as EndpointKeyBox), receivers.sender()),
      new DeliveryOutcomes(on),
      new EndpointDisabling(on, new AuditLog()),
      new AttemptMetrics(metrics),
      logger,
      placedEvents,
      jobs,
    );
    if (isStarted) await jobs.onApplicationBootstrap();
    const process = { stop: () => stopJobs(jobs), placedEvents, metrics, log: () => text };
    running.push(process);
    return process;
  }
  async function receiver(handle: RequestListener): Promise<{ url: string; received: Received[] }> {
    const { port, received } = await receivers.http(handle);
    return { url: `http://127.0.0.1:${port}/hook`, received };
  }
  async function rows(): Promise<Row[]> {
    const { rows: found } = await sql.query<Row>(
      `SELECT *, extract(epoch FROM due_at - attempted_at)::float8 AS pause
       FROM webhook_deliveries ORDER BY endpoint_id, sequence`,
    );
    return found;
  }
  const untilEnded = (): Promise<void> =>
    until('nothing is pending', async () => (await rows()).every(({ state }) => state !== 'pending'));
  /** As if so much time had passed. */
  async function pass(time: string): Promise<void> {
    await sql.query(
      `UPDATE webhook_deliveries SET due_at = due_at - $1::interval, holds_until = holds_until - $1::interval,
                                     attempted_at = attempted_at - $1::interval`,
      [time],
    );
  }

  it('sends an event, signed, and its sequence', async () => {
    const { url, received } = await receiver(answer(204));
    await insertEndpoint(dataSource, { url });
    await happen(dataSource, LICENSE);
    const { metrics } = await deliver();
    await untilEnded();
    expect(received).toHaveLength(1);
    const [{ headers, path, method, ...request }] = received as [Received];
    const body = bodyOf({ headers, path, method, ...request });
    expect({ method, path }).toEqual({ method: 'POST', path: '/hook' });
    expect(body).toMatchObject({
      id: headers['webhook-id'],
      type: 'license.updated',
      api_version: '1',
      sequence: 1,
    });
    expect(Object.keys(body)).toEqual(['id', 'type', 'timestamp', 'api_version', 'sequence', 'data']);
    expect(body.data.license_id).toBe(LICENSE);
    expect(headers['webhook-signature']).toMatch(/^v1,\S+ v1a,\S+$/);
    expect(await rows()).toMatchObject([{ state: 'delivered', attempts: 1, error: null }]);
    expect(await metrics.registry.metrics()).toContain(
      'aegis_webhook_attempts_total{outcome="delivered"} 1\n',
    );
  });

  it('keeps the order of each license, though attempts fail and several processes send', async () => {
    const failedOnce = new Set<string>();
    const delivered: Body[] = [];
    const { url, received } = await receiver((_, response) => {
      const body = bodyOf(received.at(-1)!);
      const fails = body.sequence % 3 === 0 && !failedOnce.has(body.id);
      if (fails) failedOnce.add(body.id);
      else delivered.push(body);
      response.writeHead(fails ? 503 : 200).end();
    });
    await insertEndpoint(dataSource, { url });
    const licenses = Array.from({ length: 6 }, () => randomUUID());
    for (let round = 0; round < 5; round += 1)
      for (const license of licenses) await happen(dataSource, license);
    for (let process = 0; process < 3; process += 1) await deliver({ on: await database.dataSource([]) });
    // Pauses of retries are skipped.
    await until('all are delivered', async () => {
      await sql.query(
        `UPDATE webhook_deliveries SET due_at = now() WHERE state = 'pending' AND error IS NOT NULL`,
      );
      return (await rows()).every(({ state }) => state === 'delivered');
    });
    for (const license of licenses) {
      const order = delivered
        .filter(({ data }) => data.license_id === license)
        .map(({ sequence }) => sequence);
      expect(order).toHaveLength(5);
      expect(order).toEqual([...order].sort((a, b) => a - b));
    }
    expect(received).toHaveLength(30 + failedOnce.size);
    expect(failedOnce.size).toBe(10);
  });

  it('lets no slow endpoint delay another', async () => {
    const held: ServerResponse[] = [];
    const slow = await receiver((_, response) => {
      held.push(response);
    });
    const fast = await receiver(answer(200));
    for (let endpoints = 0; endpoints < 9; endpoints += 1)
      await insertEndpoint(dataSource, { url: slow.url });
    for (let license = 0; license < 20; license += 1) await happen(dataSource, randomUUID());
    await deliver();
    await until('all places are taken', () => Promise.resolve(held.length === 9 * 14));
    const id = await insertEndpoint(dataSource, { url: fast.url });
    for (let license = 0; license < 20; license += 1) await happen(dataSource, randomUUID());
    await until('the fast one has all', async () => {
      const { rows: found } = await sql.query(
        `SELECT FROM webhook_deliveries WHERE endpoint_id = $1 AND state = 'delivered'`,
        [id],
      );
      return found.length === 20;
    });
    for (const response of held) response.end();
  });

  it('looks for deliveries when events get their places, and no longer once it stops', async () => {
    const { url, received } = await receiver(answer(200));
    await insertEndpoint(dataSource, { url });
    await happen(dataSource, LICENSE);
    const { placedEvents, stop } = await deliver({ isStarted: false });
    placedEvents.announce();
    await untilEnded();
    expect(received).toHaveLength(1);
    await stop();
    await happen(dataSource, LICENSE);
    placedEvents.announce();
    await stop();
    expect(received).toHaveLength(1);
    expect((await rows())[1]).toMatchObject({ state: 'pending', attempts: 0 });
  });

  it('that ends between the answer and its record repeats the event', async () => {
    const held: ServerResponse[] = [];
    const { url, received } = await receiver((_, response) => {
      if (received.length === 1) held.push(response);
      else response.end();
    });
    await insertEndpoint(dataSource, { url });
    await happen(dataSource, LICENSE, 2);
    const lost = await new DataSource(postgresOptions(database.applicationUrl)).initialize();
    const { stop, log } = await deliver({ on: lost });
    await until('it is sent', () => Promise.resolve(held.length === 1));
    await lost.destroy();
    held[0]!.end();
    await until('it cannot be recorded', () => Promise.resolve(log().includes('webhooks wait')));
    await stop();
    await deliver();
    await pass('31 seconds');
    await untilEnded();
    expect(received.map((request) => bodyOf(request).sequence)).toEqual([1, 1, 2]);
    expect(received[1]!.headers['webhook-id']).toBe(received[0]!.headers['webhook-id']);
    expect(received[1]!.body).toBe(received[0]!.body);
    expect(await rows()).toMatchObject([{ attempts: 2 }, { attempts: 1 }]);
  });

  it('that stops leaves what is under way to another one', async () => {
    const held: ServerResponse[] = [];
    const { url, received } = await receiver((_, response) => {
      if (received.length <= 2) held.push(response);
      else response.end();
    });
    await insertEndpoint(dataSource, { url });
    await happen(dataSource, LICENSE);
    await happen(dataSource, OTHER_LICENSE);
    const { stop } = await deliver();
    await until('both are sent', () => Promise.resolve(held.length === 2));
    const stopped = stop();
    held[0]!.end();
    await stopped;
    const ended = (await rows()).map(({ state, attempts, error }) => ({ state, attempts, error }));
    expect(ended).toHaveLength(2);
    expect(ended).toEqual(
      expect.arrayContaining([
        { state: 'delivered', attempts: 1, error: null },
        { state: 'pending', attempts: 0, error: 'stopped' },
      ]),
    );
    await deliver();
    await untilEnded();
    expect(received).toHaveLength(3);
  });

  it('disables an endpoint that answers 410', async () => {
    const { url } = await receiver(answer(410));
    await insertEndpoint(dataSource, { url });
    await happen(dataSource, LICENSE, 2);
    const { log, metrics } = await deliver();
    await untilEnded();
    expect(await rows()).toMatchObject([
      { state: 'failed', failed_reason: 'gone', attempts: 1 },
      { state: 'failed', failed_reason: 'endpoint_disabled', attempts: 0 },
    ]);
    const { rows: endpoints } = await sql.query('SELECT is_active, disabled_reason FROM webhook_endpoints');
    expect(endpoints).toEqual([{ is_active: false, disabled_reason: 'gone' }]);
    await until('it is logged', () => Promise.resolve(log().includes('a webhook was disabled')));
    expect(await metrics.registry.metrics()).toContain('aegis_webhooks_disabled_total{reason="gone"} 1\n');
  });

  it('disables an endpoint for which nothing has succeeded for five days', async () => {
    const { url } = await receiver(answer(500));
    await insertEndpoint(dataSource, { url });
    await sql.query(`UPDATE webhook_progress SET failing_since = now() - interval '5 days 1 second'`);
    await happen(dataSource, LICENSE);
    await deliver();
    await untilEnded();
    const { rows: endpoints } = await sql.query('SELECT is_active, disabled_reason FROM webhook_endpoints');
    expect(endpoints).toEqual([{ is_active: false, disabled_reason: 'failing' }]);
  });

  it.each([
    ['about 5 seconds', {}, 4.5, 3600],
    ['as long as the receiver asks', { 'retry-after': '3600' }, 3600, 7200],
  ])('tries again after %s', async (_, headers, least, most) => {
    const { url } = await receiver(answer(503, headers));
    await insertEndpoint(dataSource, { url });
    await happen(dataSource, LICENSE);
    const { stop } = await deliver();
    await until('an attempt is recorded', async () => (await rows())[0]!.error === 'status');
    await stop();
    const [row] = await rows();
    expect(row!.state).toBe('pending');
    expect(row!.pause).toBeGreaterThanOrEqual(least);
    expect(row!.pause).toBeLessThan(most);
  });

  it('gives up after nine attempts', async () => {
    const { url, received } = await receiver(answer(400));
    await insertEndpoint(dataSource, { url });
    await happen(dataSource, LICENSE);
    await sql.query('UPDATE webhook_deliveries SET attempts = 8');
    await deliver();
    await untilEnded();
    expect(await rows()).toMatchObject([{ state: 'failed', failed_reason: 'attempts_used', attempts: 9 }]);
    expect(received).toHaveLength(1);
  });

  it.each([
    ['that ended its process nine times', 'UPDATE webhook_deliveries SET attempts = 9', 9],
    ['whose event was removed', 'DELETE FROM events', 1],
  ])('gives up what cannot be sent: one %s', async (_, change, attempts) => {
    const { url, received } = await receiver(answer(200));
    await insertEndpoint(dataSource, { url });
    await happen(dataSource, LICENSE);
    await sql.query(change);
    await deliver();
    await untilEnded();
    expect(await rows()).toMatchObject([{ state: 'failed', failed_reason: 'attempts_used', attempts }]);
    expect(received).toEqual([]);
  });

  it('says that it cannot sign, and leaves it to another one', async () => {
    const { url, received } = await receiver(answer(200));
    await insertEndpoint(dataSource, { url });
    await happen(dataSource, LICENSE);
    const { log, stop } = await deliver({ open: () => Promise.reject(new Error('no such key')) });
    await until('it is logged', () => Promise.resolve(log().includes('no such key')));
    await stop();
    expect(await rows()).toMatchObject([{ state: 'pending', attempts: 0, error: 'other' }]);
    expect(received).toEqual([]);
    await pass('31 seconds');
    await deliver();
    await untilEnded();
    expect(received).toHaveLength(1);
  });

  it('does not claim more of what it cannot sign', async () => {
    const { url, received } = await receiver(answer(200));
    const unsigned = await insertEndpoint(dataSource, { url });
    await happen(dataSource, LICENSE);
    await sql.query(
      `INSERT INTO webhook_deliveries (endpoint_id, sequence, position, stream, state, created_at, due_at, holds_until)
       SELECT $1, 1 + n, 1, gen_random_uuid(), 'pending', now(), now(), now() FROM generate_series(1, 100) AS n`,
      [unsigned],
    );
    await sql.query('UPDATE webhook_progress SET sequence = 101');
    const claimed = async (): Promise<number> =>
      (await rows()).filter(({ error }) => error === 'other').length;
    const { placedEvents } = await deliver({
      open: (id) => (id === unsigned ? Promise.reject(new Error('no such key')) : Promise.resolve(KEYS)),
    });
    await until('it has noticed', async () => (await claimed()) === 16);
    await insertEndpoint(dataSource, { url });
    for (let events = 1; events <= 3; events += 1) {
      await happen(dataSource, OTHER_LICENSE);
      placedEvents.announce();
      await until('others are sent', () => Promise.resolve(received.length === events));
    }
    expect(await claimed()).toBe(16);
  });
});
