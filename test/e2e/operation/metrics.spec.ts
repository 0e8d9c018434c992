import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { resolve } from 'node:path';
import { SERVER_VERDICT_CODES } from '@aegis/license-token';
import { Client } from '../../support/requests/client';
import { expectNothingMissing } from '../../support/complete-list';
import { aCustomer, aLicense, type IssuedLicense } from '../../support/factories';
import { Scrape } from '../../support/trail/scrape';
import { testDatabase, type TestDatabase } from '../../support/database/database';
import { testServer, type TestServer } from '../../support/processes/server';
import { jobsOfThePage } from '../../support/pages';
import { superuserOf, untilBlocked } from '../../support/database/sql';
import { until } from '../../support/until';
import { VERSION } from '../../support/version';

const VALIDATE = '/api/v1/licenses/validate';

/** Those that docs/metrics.md explains, except for the one that needs a sink for checkpoints. */
const JOBS = jobsOfThePage()
  .map(({ name }) => name)
  .filter((name) => name !== 'checkpoint-shipping');

describe('the metrics', () => {
  let database: TestDatabase;
  let server: TestServer;
  let admin: Client;
  let anyone: Client;
  let license: IssuedLicense;
  let question: Record<string, unknown>;

  /** In seconds since 1970. */
  const startedAt = Date.now() / 1000;

  beforeAll(async () => {
    database = await testDatabase();
    server = await testServer({
      database,
      variables: {
        RATE_LIMIT_PUBLIC: '40',
        RATE_LIMIT_LICENSE: '20',
        DB_POOL_SIZE: '3',
        // Not a standby: it is left out, and has all the metrics of one.
        DATABASE_REPLICA_URLS: database.applicationUrl,
      },
    });
    admin = new Client(server.url, server.adminKey);
    anyone = new Client(server.url);
    license = await aLicense(admin);
    question = { token: license.token, module_name: license.module_name, odoo_version: '17.0' };
  });

  afterAll(async () => {
    await server.close();
    await database.drop();
  });

  const scrape = (): Promise<Scrape> => Scrape.of(server.metricsUrl);

  /** How far series rise while `work` runs and the metrics have seen it. */
  async function rise(work: () => Promise<unknown>, ...series: string[]): Promise<number[]> {
    const before = await scrape();
    await work();
    let after = await scrape();
    // A request is measured when its answer is out, a moment after the caller has it.
    await until(`${series.join()} rise`, async () => {
      after = await scrape();
      return series.every((one) => after.value(one) !== before.value(one));
    });
    return series.map((one) => after.value(one) - before.value(one));
  }

  describe('on their port', () => {
    it('are Prometheus text', async () => {
      const response = await fetch(`${server.metricsUrl}/metrics`);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
      expect(await response.text()).toContain('# TYPE aegis_http_request_duration_seconds histogram\n');
    });

    it.each([
      ['GET', '/'],
      ['GET', '/metrics/'],
      ['GET', '/health'],
      ['GET', '/api/v1/licenses'],
      ['POST', '/metrics'],
      ['DELETE', '/metrics'],
    ])('answer 404 to %s %s', async (method, path) => {
      const response = await fetch(server.metricsUrl + path, { method });
      expect(response.status).toBe(404);
      expect(await response.text()).not.toContain('aegis_');
    });

    it('are answered once per connection, however many requests it sends', async () => {
      const socket = connect(Number(new URL(server.metricsUrl).port), '127.0.0.1');
      let received = '';
      socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
      socket.on('error', () => undefined);
      const closed = new Promise((done) => socket.once('close', done));
      socket.write('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(500));
      await closed;
      expect(received.match(/^HTTP\/1\.1 /gm)?.length ?? 0).toBeLessThanOrEqual(1);
      expect((await fetch(`${server.metricsUrl}/metrics`)).status).toBe(200);
    });

    it('are not given to more than 16 connections at once', async () => {
      const { port } = new URL(server.metricsUrl);
      const sockets = Array.from({ length: 40 }, () => connect(Number(port), '127.0.0.1'));
      let refused = 0;
      try {
        for (const socket of sockets) socket.on('error', () => undefined).on('close', () => (refused += 1));
        // Some of the 16 may be of scrapes before.
        await until('the others are refused', () => Promise.resolve(refused >= 24));
        expect(sockets.filter(({ destroyed }) => !destroyed).length).toBeLessThanOrEqual(16);
      } finally {
        for (const socket of sockets) socket.destroy();
      }
      await until('they serve again', async () =>
        fetch(`${server.metricsUrl}/metrics`).then(
          ({ status }) => status === 200,
          () => false,
        ),
      );
    });

    it('are not on the public port for any caller', async () => {
      expect(new URL(server.metricsUrl).port).not.toBe(new URL(server.url).port);
      for (const client of [admin, anyone]) expect((await client.get('/metrics')).status).toBe(404);
    });

    it('contain no id, key or address', async () => {
      await admin.get(`/api/v1/licenses/${license.id}`);
      const { text } = await scrape();
      expect(text).toContain('route="/api/v1/licenses/:id"');
      for (const secret of [license.id, license.customer_id, server.adminKey, '127.0.0.1'])
        expect(text).not.toContain(secret);
    });
  });

  describe('of requests', () => {
    const count = (labels: string): string => `aegis_http_request_duration_seconds_count{${labels}}`;

    it('are counted by method, route pattern and status', async () => {
      expect(
        await rise(
          async () => {
            await admin.get(`/api/v1/licenses/${license.id}`);
            await admin.get('/api/v1/licenses/00000000-0000-4000-8000-000000000000');
          },
          count('method="GET",route="/api/v1/licenses/:id",status="200"'),
          count('method="GET",route="/api/v1/licenses/:id",status="404"'),
        ),
      ).toEqual([1, 1]);
    });

    it('measure seconds', async () => {
      const labels = 'method="GET",route="/api/v1/me",status="200"';
      const began = performance.now();
      const [seconds] = await rise(
        () => admin.get('/api/v1/me'),
        `aegis_http_request_duration_seconds_sum{${labels}}`,
      );
      expect(seconds).toBeGreaterThan(0.0001);
      expect(seconds).toBeLessThan((performance.now() - began) / 1000);
    });

    it('make one series of all unknown paths and one of all unknown methods', async () => {
      const paths = ['/one', '/two?three=4', '/api/v1/nothing/here'];
      const [unmatched, other] = await rise(
        async () => {
          for (const path of paths) await anyone.get(path);
          for (const method of ['PROPFIND', 'MKCOL']) await anyone.send(method, '/one');
        },
        count('method="GET",route="unmatched",status="404"'),
        count('method="other",route="unmatched",status="404"'),
      );
      expect([unmatched, other]).toEqual([3, 2]);
      expect((await scrape()).text).not.toMatch(/\/one|PROPFIND|nothing/);
    });

    it('show those whose caller left before the answer', async () => {
      const aborted = count('method="POST",route="/api/v1/licenses",status="aborted"');
      expect(
        await rise(async () => {
          const lookups = 'aegis_batch_size_count{batch="api_keys"}';
          const before = (await scrape()).value(lookups);
          const { hostname, port } = new URL(server.url);
          const socket = connect(Number(port), hostname);
          socket.write(
            `POST /api/v1/licenses HTTP/1.1\r\nHost: x\r\nX-API-Key: ${server.adminKey}\r\n` +
              'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
          );
          await until('its key is looked up', async () => (await scrape()).value(lookups) > before);
          socket.destroy();
        }, aborted),
      ).toEqual([1]);
    });
  });

  describe('of validation', () => {
    it('count each verdict, all codes from the start', async () => {
      const { series } = await scrape();
      const codes = [...series.keys()].flatMap(
        (one) => /^aegis_verdicts_total\{code="(\w+)"\}$/.exec(one)?.[1] ?? [],
      );
      expect(codes).toHaveLength(18);
      expect(codes.sort()).toEqual([...SERVER_VERDICT_CODES].sort());
      expect(
        await rise(
          async () => {
            await anyone.post(VALIDATE, question);
            await anyone.post(VALIDATE, { ...question, module_name: 'other' });
            await anyone.post(VALIDATE, { ...question, token: 'rubbish!' });
          },
          'aegis_verdicts_total{code="VALID"}',
          'aegis_verdicts_total{code="MODULE_MISMATCH"}',
          'aegis_verdicts_total{code="MALFORMED"}',
        ),
      ).toEqual([1, 1, 1]);
    });

    it('distinguish a signature that was checked from one that was remembered', async () => {
      const fresh = await aLicense(admin);
      const ask = (): Promise<unknown> => anyone.post(VALIDATE, { ...question, token: fresh.token });
      expect(await rise(ask, 'aegis_signature_cache_total{result="miss"}')).toEqual([1]);
      expect(await rise(ask, 'aegis_signature_cache_total{result="hit"}')).toEqual([1]);
      const before = await scrape();
      await anyone.post(VALIDATE, { ...question, token: 'rubbish!' });
      const after = await scrape();
      for (const result of ['hit', 'miss'])
        expect(after.value(`aegis_signature_cache_total{result="${result}"}`)).toBe(
          before.value(`aegis_signature_cache_total{result="${result}"}`),
        );
    });

    it('sum up the sizes of batches', async () => {
      const [requests, keys] = await rise(
        () =>
          Promise.all([
            ...Array.from({ length: 5 }, () => anyone.post(VALIDATE, question)),
            ...Array.from({ length: 4 }, () => admin.get('/api/v1/me')),
          ]),
        'aegis_batch_size_sum{batch="validations"}',
        'aegis_batch_size_sum{batch="api_keys"}',
      );
      expect([requests, keys]).toEqual([5, 4]);
    });
  });

  describe('of licenses', () => {
    it('count what was done to them, each change once it is durable', async () => {
      const done = (change: string): string => `aegis_license_changes_total{change="${change}"}`;
      const reason = { reason: 'a test' };
      const { id } = await aLicense(admin, { license_type: 'subscription', duration_days: 30 });
      const steps = [
        ['issued', () => aLicense(admin)],
        ['renewed', () => admin.post(`/api/v1/licenses/${id}/renew`, { duration_days: 30 })],
        ['reissued', () => admin.post(`/api/v1/licenses/${id}/reissue`, {})],
        ['suspended', () => admin.post(`/api/v1/licenses/${id}/suspend`, reason)],
        ['reinstated', () => admin.post(`/api/v1/licenses/${id}/reinstate`, reason)],
        ['revoked', () => admin.post(`/api/v1/licenses/${id}/revoke`, reason)],
      ] as const;
      for (const [change, work] of steps)
        expect([change, ...(await rise(work, done(change)))]).toEqual([change, 1]);
      const before = await scrape();
      expect((await admin.post(`/api/v1/licenses/${id}/revoke`, reason)).status).toBe(409);
      expect((await scrape()).value(done('revoked'))).toBe(before.value(done('revoked')));
    });
  });

  describe('of refusals', () => {
    it.each([
      ['missing', {}],
      ['refused', { 'X-API-Key': 'aegis_test_no_such_key' }],
      ['conflicting', { 'X-API-Key': 'a', Authorization: 'Bearer b' }],
    ])('count refusals with the reason %s', async (reason, headers) => {
      expect(
        await rise(
          () => anyone.get('/api/v1/licenses', headers as Record<string, string>),
          `aegis_authentication_failures_total{reason="${reason}"}`,
        ),
      ).toEqual([1]);
    });

    it('count no caller that is allowed', async () => {
      const before = await scrape();
      await admin.get('/api/v1/licenses');
      await anyone.post(VALIDATE, question);
      const after = await scrape();
      for (const reason of ['missing', 'refused', 'conflicting', 'unavailable'])
        expect(after.value(`aegis_authentication_failures_total{reason="${reason}"}`)).toBe(
          before.value(`aegis_authentication_failures_total{reason="${reason}"}`),
        );
    });

    it('count what the limit of a license refuses', async () => {
      const fresh = await aLicense(admin);
      const [refused] = await rise(async () => {
        for (let asked = 0; asked < 22; asked += 1)
          await anyone.post(VALIDATE, { ...question, token: fresh.token });
      }, 'aegis_rate_limit_refusals_total{policy="license"}');
      expect(refused).toBe(2);
    });

    it('count what the limit of public routes refuses', async () => {
      const { status } = await anyone.get('/info');
      expect(status).toBe(200);
      const [refused] = await rise(async () => {
        let answered = 200;
        while (answered === 200) answered = (await anyone.get('/info')).status;
        expect(answered).toBe(429);
      }, 'aegis_rate_limit_refusals_total{policy="public"}');
      expect(refused).toBe(1);
    });
  });

  it('show connections that are busy and callers who wait for one', async () => {
    const sql = await superuserOf(server);
    try {
      await sql.query('BEGIN');
      await sql.query('LOCK TABLE customers IN ACCESS EXCLUSIVE MODE');
      // Lists, since each needs a connection: reads of single licenses share one.
      const asked = Array.from({ length: 5 }, () => admin.get('/api/v1/licenses'));
      // What the server does by itself waits too.
      await until('three busy, two or more waiting', async () => {
        const now = await scrape();
        return (
          now.value('aegis_database_connections{state="busy"}') === 3 &&
          now.value('aegis_database_connections{state="waiting"}') >= 2
        );
      });
      await sql.query('ROLLBACK');
      await Promise.all(asked);
      await until('none busy', async () => {
        const now = await scrape();
        return (
          now.value('aegis_database_connections{state="busy"}') === 0 &&
          now.value('aegis_database_connections{state="idle"}') === 3
        );
      });
    } finally {
      await sql.end();
    }
  });

  it('show the version, the event loop and the process', async () => {
    const { series } = await scrape();
    expect(series.get(`aegis_build_info{version="${VERSION}"}`)).toBe(1);
    for (const name of [
      'nodejs_eventloop_lag_p99_seconds',
      'process_resident_memory_bytes',
      'process_cpu_seconds_total',
    ])
      expect(series.get(name)).toBeGreaterThan(0);
  });

  it.each(JOBS)('show when the job %s last succeeded', async (job) => {
    const series = `aegis_job_last_success_seconds{job="${job}"}`;
    await until('it did', async () => (await scrape()).value(series) > 0);
    const now = await scrape();
    expect(now.value(series)).toBeGreaterThanOrEqual(startedAt);
    expect(now.value(series)).toBeLessThanOrEqual(Date.now() / 1000);
    expect(now.series.get(`aegis_job_failures_total{job="${job}"}`)).toBeDefined();
  });

  it('have series for each job that docs/metrics.md explains, and for no other', async () => {
    expect(JOBS.length).toBeGreaterThan(10);
    const { series } = await scrape();
    for (const metric of ['aegis_job_last_success_seconds', 'aegis_job_failures_total']) {
      const served = [...series.keys()].filter((one) => one.startsWith(`${metric}{`)).sort();
      const explained = JOBS.map((job) => `${metric}{job="${job}"}`);
      expectNothingMissing(
        served.filter((one) => !explained.includes(one)),
        'Explain the job in docs/metrics.md, section "Jobs"',
      );
      expectNothingMissing(
        explained.filter((one) => !served.includes(one)),
        'docs/metrics.md explains a job that the server does not have: is its provider in <lib>-http.module.ts?',
      );
    }
  });

  it.each(['audit_addresses', 'audit_partitions', 'statistics', 'status_lists'])(
    'tell under the earlier name when the job %s last succeeded',
    async (job) => {
      const series = `aegis_job_last_success_timestamp_seconds{job="${job}"}`;
      await until('it did', async () => (await scrape()).value(series) >= startedAt);
    },
  );

  it('are all explained in docs/metrics.md, and nothing else is', async () => {
    const page = readFileSync(resolve(__dirname, '../../../docs/metrics.md'), 'utf8');
    const explained = [...page.matchAll(/^\| `(\w+)(?:\{([\w, ]+)\})?` +\| (\w+) /gm)].map(
      ([, name, labels = '', type]) => `${type} ${name}{${labels}}`,
    );
    const { families, labelsOf } = await scrape();
    const served = [...families].map(
      ([name, type]) => `${type} ${name}{${name.startsWith('aegis_') ? labelsOf(name).join(', ') : ''}}`,
    );
    expectNothingMissing(
      served.filter((one) => !explained.includes(one)),
      'Add the metric to a table of docs/metrics.md',
    );
    expect(explained.sort()).toEqual(served.sort());
  });
});

describe('METRICS_PORT', () => {
  it('stops the start when another program has it, and leaves nothing running', async () => {
    const first = await testServer();
    const { port } = new URL(first.metricsUrl);
    try {
      const second = testServer({ variables: { METRICS_PORT: port } });
      await expect(second).rejects.toThrow(
        `METRICS_PORT: ${port} is in use by another program; stop it, or set METRICS_PORT to a free one.`,
      );
      await expect(second).rejects.toMatchObject({ name: 'ConfigurationError' });
      expect((await fetch(`${first.metricsUrl}/metrics`)).status).toBe(200);
    } finally {
      await first.close();
    }
    // Free again: so the first one let go of it, and the second had not taken it.
    const third = await testServer({ variables: { METRICS_PORT: port } });
    expect(new URL(third.metricsUrl).port).toBe(port);
    await third.close();
    await expect(fetch(`${third.metricsUrl}/metrics`)).rejects.toThrow();
  });

  it('is free again if the start fails after it was opened', async () => {
    const first = await testServer();
    const { port: free } = new URL(first.metricsUrl);
    await first.close();
    const other = await testServer();
    try {
      const { port } = new URL(other.url);
      const start = testServer({ variables: { PORT: port, METRICS_PORT: free } });
      await expect(start).rejects.toThrow(`PORT: ${port} is in use by another program`);
      await expect(fetch(`http://127.0.0.1:${free}/metrics`)).rejects.toThrow();
    } finally {
      await other.close();
    }
  });

  it('cannot be PORT', async () => {
    const start = testServer({ variables: { PORT: '8999', METRICS_PORT: '8999' } });
    await expect(start).rejects.toThrow(/METRICS_PORT: 8999 equals PORT/);
  });

  it('is served until the last requests are answered', async () => {
    const server = await testServer();
    const sql = await superuserOf(server);
    await sql.query('BEGIN');
    await sql.query('LOCK TABLE customers IN ACCESS EXCLUSIVE MODE');
    const client = new Client(server.url, server.adminKey);
    const waiting = aCustomer(client);
    const early = waiting.then(() => {
      throw new Error('answered without waiting for the lock');
    });
    early.catch(() => undefined);
    let closed: Promise<void> | undefined;
    try {
      await Promise.race([untilBlocked(sql), early]);
      closed = server.close();
      await until('draining', () => Promise.resolve(server.log().includes('draining')));
      expect((await fetch(`${server.metricsUrl}/metrics`)).status).toBe(200);
    } finally {
      await sql.end();
    }
    await waiting;
    await closed;
    await expect(fetch(`${server.metricsUrl}/metrics`)).rejects.toThrow();
  });
});
