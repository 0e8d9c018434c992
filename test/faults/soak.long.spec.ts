import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { PATIENCE } from '../support/patience';
import type { ServerProcess } from '../support/processes/server-process';
import { until } from '../support/until';
import type { Reply } from './support/caller';
import { whatIsLost } from './support/consistency';
import { doctorFinds } from './support/doctor';
import { Load } from './support/load';
import { MetricsReading } from './support/metrics';
import { RowPostgres } from './support/postgres';
import { Servers } from './support/servers';
import { issueOf, Vendor } from './support/vendor';

const MINUTES = Number(process.env.AEGIS_SOAK_MINUTES ?? 30);
const RATE = 50;
const SAMPLE_MS = 5000;
/** Of the samples: those of the warm-up are left out, and those at the end are compared with those after it. */
const WARM_UP = 0.3;
const COMPARED = 0.2;
const MOST_GROWTH = 1.1;
/** Timers and files that come and go; a leak of one a minute is more. */
const MOST_MORE_HANDLES = 10;
/** Requests after which a server has opened what it keeps open. */
const FIRST_REQUESTS = 1000;
/** Readings without a lower one, after which nothing more is being closed. */
const SETTLED_READINGS = 50;
/** A machine that is busy for a moment is not what is looked for. */
const PATIENT = { ...PATIENCE, DB_DEADLINE_MS: '60000' };

interface Sample {
  memory: number;
  files: number;
  handles: number;
}

describe('a mixed load for a long time', () => {
  let postgres: RowPostgres;
  let servers: Servers;

  beforeAll(async () => {
    postgres = await RowPostgres.start();
    servers = new Servers(postgres.applicationUrl);
  });
  afterAll(async () => {
    await servers.close();
    await postgres.close();
  });

  it('answers no 5xx, grows by less than a tenth after its warm-up, and keeps its handles', async () => {
    const server = await servers.start(PATIENT);
    const first = await startLoad(server);
    await until('it has answered', () => Promise.resolve(first.operations.length > FIRST_REQUESTS));
    await first.stop();
    first.close();
    const began = await atRest(server);
    const load = await startLoad(server);
    const vendor = new Vendor(() => server.url);
    const failures: string[] = [];
    const memory: number[] = [];
    const endsAt = performance.now() + MINUTES * 60_000;
    while (performance.now() < endsAt) {
      const sampleEnds = performance.now() + SAMPLE_MS;
      while (performance.now() < sampleEnds) {
        failures.push(...(await everythingElse(vendor)));
        await pause(500);
      }
      memory.push((await sampleOf(server)).memory);
    }
    await load.stop();
    load.close();
    vendor.close();
    const ended = await atRest(server);

    for (const { id, reply } of load.operations)
      if (reply === undefined || isFailure(reply))
        failures.push(`${id}: ${reply?.status} ${JSON.stringify(reply?.body)}`);
    expect(failures).toEqual([]);
    const size = Math.floor(memory.length * COMPARED);
    const growth =
      middle(memory.slice(-size)) / middle(memory.slice(Math.floor(memory.length * WARM_UP)).slice(0, size));
    process.stderr.write(
      `soak: ${MINUTES} minutes, ${load.operations.length} requests, memory ×${growth.toFixed(3)}, ` +
        `at rest files ${began.files} → ${ended.files}, handles ${began.handles} → ${ended.handles}\n`,
    );
    expect(growth).toBeLessThan(MOST_GROWTH);
    for (const what of ['files', 'handles'] as const)
      expect(ended[what] - began[what]).toBeLessThan(MOST_MORE_HANDLES);
    expect(load.contradictions).toEqual([]);
    expect(await whatIsLost(load, postgres)).toEqual([]);
    expect(await doctorFinds(servers)).toEqual([]);
  });

  async function startLoad(server: ServerProcess): Promise<Load> {
    const load = new Load(() => [server.url]);
    await load.prepare();
    load.start(RATE);
    return load;
  }

  /** What a server keeps open once its clients have closed their connections: however busy the machine was, as much. */
  async function atRest(server: ServerProcess): Promise<Sample> {
    let fewest = await sampleOf(server);
    let readings = 0;
    await until('nothing more is being closed', async () => {
      const now = await sampleOf(server);
      readings = now.handles < fewest.handles ? 0 : readings + 1;
      if (readings === 0) fewest = now;
      return readings === SETTLED_READINGS;
    });
    return fewest;
  }

  async function sampleOf(server: ServerProcess): Promise<Sample> {
    const metrics = await MetricsReading.of(server);
    return {
      memory: metrics.value('process_resident_memory_bytes') ?? Number.NaN,
      files: metrics.value('process_open_fds') ?? Number.NaN,
      handles: metrics.value('nodejs_active_handles') ?? Number.NaN,
    };
  }
});

/** What `Load` does not send: other changes, lists, refusals, what is public. @returns what was not answered, or by a 5xx */
async function everythingElse(vendor: Vendor): Promise<string[]> {
  const customer = `C-${randomBytes(6).toString('hex')}`;
  const failures: string[] = [];
  const send = async (method: string, path: string, body?: object): Promise<unknown> => {
    const reply = await vendor.send(method, path, body);
    if (isFailure(reply)) failures.push(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return reply.body;
  };
  await send('POST', '/api/v1/customers', { id: customer, name: 'Acme Corporation' });
  const subscription = { ...issueOf(customer), license_type: 'subscription', duration_days: 30 };
  const { id } = (await send('POST', '/api/v1/licenses', subscription)) as { id: string };
  const requests: [string, string, object?][] = [
    ['POST', `/api/v1/licenses/${id}/renew`, { duration_days: 30 }],
    ['POST', `/api/v1/licenses/${id}/suspend`, { reason: 'not paid' }],
    ['POST', `/api/v1/licenses/${id}/reinstate`, { reason: 'paid' }],
    ['GET', `/api/v1/licenses/${id}/history`],
    ['GET', '/api/v1/licenses?page_size=100'],
    ['GET', '/api/v1/customers?q=C-'],
    ['GET', '/api/v1/admin/audit-logs'],
    ['GET', '/api/v1/admin/stats'],
    ['GET', '/.well-known/jwks.json'],
    ['GET', '/api/v1/status-lists/0'],
    ['POST', '/api/v1/licenses', { unknown: 1 }],
    ['GET', '/nothing'],
    ['DELETE', `/api/v1/customers/${customer}?revoke_licenses=true`],
  ];
  for (const [method, path, body] of requests) await send(method, path, body);
  return failures;
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function isFailure({ status }: Reply): boolean {
  return status === 0 || status >= 500;
}
