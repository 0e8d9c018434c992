import { AsyncLocalStorage } from 'node:async_hooks';
import { PassThrough } from 'node:stream';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import type { Job, JobOptions } from './job';
import { Jobs } from './jobs';

const START = new Date('2026-03-01T10:00:00.000Z');

/** Work whose runs the test ends. */
class HeldWork {
  started = 0;
  atOnce = 0;
  mostAtOnce = 0;
  private readonly held: { resolve: () => void; reject: (error: Error) => void }[] = [];

  readonly run = async (): Promise<void> => {
    this.started += 1;
    this.atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.atOnce);
    try {
      await new Promise<void>((resolve, reject) => this.held.push({ resolve, reject }));
    } finally {
      this.atOnce -= 1;
    }
  };

  async end(): Promise<void> {
    this.held.shift()!.resolve();
    await jest.advanceTimersByTimeAsync(0);
  }

  async fail(): Promise<void> {
    this.held.shift()!.reject(new Error('out of order'));
    await jest.advanceTimersByTimeAsync(0);
  }
}

describe('a job', () => {
  let lines: { level: string; message: string; job?: string }[];
  let metrics: Metrics;
  let jobs: Jobs;
  let work: HeldWork;

  beforeEach(() => {
    jest.useFakeTimers({ now: START, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    lines = [];
    const stream = new PassThrough().on('data', (chunk: Buffer) => {
      for (const line of chunk.toString().trim().split('\n'))
        lines.push(JSON.parse(line) as (typeof lines)[number]);
    });
    metrics = new Metrics();
    jobs = new Jobs(new Logger({ level: 'debug', format: 'json', stream }), metrics);
    work = new HeldWork();
  });
  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  const add = (options: Partial<JobOptions> = {}): Job =>
    jobs.add({ name: 'statistics', pauseMs: 1000, failure: 'it failed', run: work.run, ...options });
  const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);
  async function valueOf(name: string, job = 'statistics'): Promise<number | undefined> {
    const [, value] =
      new RegExp(`^${name}\\{job="${job}"\\} (\\S+)$`, 'm').exec(await metrics.registry.metrics()) ?? [];
    return value === undefined ? undefined : Number(value);
  }
  const logged = (): string[] => lines.map(({ level, message }) => `${level}: ${message}`);

  it('runs when the application starts, and again after a pause when each run has ended', async () => {
    add();
    expect(work.started).toBe(0);
    await jobs.onApplicationBootstrap();
    expect(work.started).toBe(1);
    await pass(60_000);
    expect(work.started).toBe(1);
    await work.end();
    await pass(999);
    expect(work.started).toBe(1);
    await pass(1);
    expect(work.started).toBe(2);
  });

  it('waits for the other pause after a failure, and for the usual one when it works again', async () => {
    add({ pauseAfterFailureMs: 5000 });
    await jobs.onApplicationBootstrap();
    await work.fail();
    await pass(4999);
    expect(work.started).toBe(1);
    await pass(1);
    expect(work.started).toBe(2);
    await work.end();
    await pass(1000);
    expect(work.started).toBe(3);
  });

  it('adds a random part of its jitter to each pause', async () => {
    const timers = jest.spyOn(global, 'setTimeout');
    add({ jitterMs: 400, run: () => Promise.resolve() });
    await jobs.onApplicationBootstrap();
    for (let run = 0; run < 50; run += 1) await pass(1400);
    const pauses = timers.mock.calls.map(([, ms]) => ms!);
    expect(pauses.length).toBeGreaterThanOrEqual(50);
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(1000);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(1400);
    expect(new Set(pauses).size).toBeGreaterThan(1);
  });

  it('logs one line when it begins to fail, and one when it works again', async () => {
    add({ failureLevel: 'error' });
    await jobs.onApplicationBootstrap();
    for (let run = 0; run < 3; run += 1) {
      await work.fail();
      await pass(1000);
    }
    expect(logged()).toEqual(['error: it failed']);
    await work.end();
    await pass(1000);
    await work.end();
    expect(logged()).toEqual(['error: it failed', 'info: over: it failed']);
    expect(lines.map(({ job }) => job)).toEqual(['statistics', 'statistics']);
    await pass(1000);
    await work.fail();
    expect(logged()).toHaveLength(3);
  });

  it('reports its last success and counts its failures', async () => {
    add();
    expect(await valueOf('aegis_job_last_success_seconds')).toBe(0);
    expect(await valueOf('aegis_job_failures_total')).toBe(0);
    await jobs.onApplicationBootstrap();
    await pass(2000);
    await work.end();
    expect(await valueOf('aegis_job_last_success_seconds')).toBe(START.getTime() / 1000 + 2);
    await pass(1000);
    await work.fail();
    await pass(1000);
    await work.fail();
    expect(await valueOf('aegis_job_last_success_seconds')).toBe(START.getTime() / 1000 + 2);
    expect(await valueOf('aegis_job_failures_total')).toBe(2);
  });

  it.each([
    ['audit-addresses', 'audit_addresses'],
    ['audit-partitions', 'audit_partitions'],
    ['statistics', 'statistics'],
    ['status-lists', 'status_lists'],
  ] as const)(
    'that is named %s reports its last success under the earlier name too',
    async (name, earlier) => {
      add({ name });
      await jobs.onApplicationBootstrap();
      await work.end();
      const now = START.getTime() / 1000;
      expect(await valueOf('aegis_job_last_success_seconds', name)).toBe(now);
      expect(await valueOf('aegis_job_last_success_timestamp_seconds', earlier)).toBe(now);
    },
  );

  it('that this process does not have, has no series', async () => {
    add();
    expect(await valueOf('aegis_job_last_success_seconds', 'status-lists')).toBeUndefined();
    expect(await valueOf('aegis_job_last_success_timestamp_seconds', 'status_lists')).toBeUndefined();
  });

  it('runs at once when it is asked to, and pauses from then on', async () => {
    const job = add();
    await jobs.onApplicationBootstrap();
    await work.end();
    await pass(600);
    void job.runNow();
    expect(work.started).toBe(2);
    await work.end();
    await pass(999);
    expect(work.started).toBe(2);
    await pass(1);
    expect(work.started).toBe(3);
  });

  it('runs again, never twice at once, for all who ask while it runs', async () => {
    const job = add();
    await jobs.onApplicationBootstrap();
    const done: string[] = [];
    const asked = [1, 2, 3].map((n) => job.runNow().then(() => done.push(`asked ${n}`)));
    await pass(0);
    expect(work.started).toBe(1);
    await work.end();
    expect(work.started).toBe(2);
    expect(done).toEqual([]);
    await work.end();
    await Promise.all(asked);
    expect(done).toHaveLength(3);
    expect(work.mostAtOnce).toBe(1);
    await pass(1000);
    expect(work.started).toBe(3);
  });

  it('that fails after it is asked to run does not reject', async () => {
    const job = add();
    const asked = job.runNow();
    await work.fail();
    await expect(asked).resolves.toBeUndefined();
    expect(logged()).toEqual(['warn: it failed']);
  });

  it('that is asked to run before the start does not repeat', async () => {
    void add().runNow();
    await work.end();
    await pass(60_000);
    expect(work.started).toBe(1);
  });

  it('does not run in the context of the request that asked for a run', async () => {
    const requests = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const job = add({ run: () => Promise.resolve(seen.push(requests.getStore())) });
    await jobs.onApplicationBootstrap();
    await requests.run('a request', () => job.runNow());
    await pass(1000);
    expect(seen).toEqual([undefined, undefined, undefined]);
  });

  it('stops when the application ends, after the run under way', async () => {
    let goesOn: (() => boolean) | undefined;
    add({
      run: (asked) => {
        goesOn = asked;
        return work.run();
      },
    });
    await jobs.onApplicationBootstrap();
    expect(goesOn!()).toBe(true);
    let isStopped = false;
    const stopped = jobs.beforeApplicationShutdown().then(() => (isStopped = true));
    await pass(0);
    expect(goesOn!()).toBe(false);
    expect(isStopped).toBe(false);
    await work.end();
    await stopped;
    await pass(60_000);
    expect(work.started).toBe(1);
  });

  it('does not run after it was stopped, even for callers that waited', async () => {
    const job = add();
    await jobs.onApplicationBootstrap();
    const asked = job.runNow();
    const stopped = jobs.beforeApplicationShutdown();
    await work.end();
    await Promise.all([asked, stopped, job.runNow()]);
    await pass(60_000);
    expect(work.started).toBe(1);
  });

  it('that runs at shutdown continues until requests have ended, and then runs again', async () => {
    const job = add({ runsAtShutdown: true });
    await jobs.onApplicationBootstrap();
    await work.end();
    await jobs.beforeApplicationShutdown();
    await pass(1000);
    expect(work.started).toBe(2);
    const asked = job.runNow();
    let isStopped = false;
    const stopped = jobs.onApplicationShutdown().then(() => (isStopped = true));
    await work.end();
    expect(work.started).toBe(3);
    expect(isStopped).toBe(false);
    await work.end();
    await Promise.all([asked, stopped]);
    await pass(60_000);
    expect(work.started).toBe(3);
    expect(work.mostAtOnce).toBe(1);
  });

  it.each([
    ['', {}],
    [' that runs at shutdown', { runsAtShutdown: true }],
  ])(
    '%s whose run does not end holds up the end of the application for 5 seconds only',
    async (_, options) => {
      const others: string[] = [];
      const run = (goesOn: () => boolean): Promise<unknown> => Promise.resolve(others.push(String(goesOn())));
      add(options);
      add({ name: 'status-lists', pauseMs: 60_000, run, runsAtShutdown: true });
      await jobs.onApplicationBootstrap();
      let isStopped = false;
      const stopped = jobs
        .beforeApplicationShutdown()
        .then(() => jobs.onApplicationShutdown())
        .then(() => (isStopped = true));
      await pass(4_999);
      expect(isStopped).toBe(false);
      await pass(1);
      await stopped;
      // Others run at shutdown nevertheless; the one that hangs never runs twice at once.
      expect(others).toEqual(['true', 'false']);
      expect(work.started).toBe(1);
      expect(logged()).toEqual(['warn: a job does not end: the process stops without waiting for it']);
      expect(lines[0]!.job).toBe('statistics');
      // What it runs on is closed by now.
      await work.end();
      await pass(60_000);
      expect(work.started).toBe(1);
    },
  );

  it('that does not end at shutdown is waited for 5 seconds', async () => {
    add({ runsAtShutdown: true });
    await jobs.onApplicationBootstrap();
    await work.end();
    let isStopped = false;
    const stopped = jobs.onApplicationShutdown().then(() => (isStopped = true));
    await pass(4_999);
    expect(work.started).toBe(2);
    expect(isStopped).toBe(false);
    await pass(1);
    await stopped;
    expect(logged()).toEqual(['warn: a job does not end: the process stops without waiting for it']);
  });

  it('that ended in time leaves no timer behind', async () => {
    add({ runsAtShutdown: true, run: () => Promise.resolve() });
    await jobs.onApplicationBootstrap();
    await jobs.onApplicationShutdown();
    expect(jest.getTimerCount()).toBe(0);
    expect(logged()).toEqual([]);
  });

  describe('at the start of the application', () => {
    const start = (): { ended: () => string | undefined } => {
      let ended: string | undefined;
      jobs.onApplicationBootstrap().then(
        () => (ended = 'started'),
        (error: unknown) => (ended = String(error)),
      );
      return { ended: () => ended };
    };

    it('does not delay the start unless the start needs it', async () => {
      add();
      const { ended } = start();
      await pass(0);
      expect(ended()).toBe('started');
    });

    it.each([
      ['first-run', 'end', 'started'],
      ['first-run', 'fail', 'started'],
      ['first-success', 'end', 'started'],
      ['first-success', 'fail', 'Error: out of order'],
    ] as const)(
      'whose %s is needed: when that comes to its %s, the start has %s',
      async (needs, how, outcome) => {
        add({ startNeeds: needs });
        const { ended } = start();
        await pass(0);
        expect(ended()).toBeUndefined();
        await work[how]();
        expect(ended()).toBe(outcome);
      },
    );

    it('that makes it fail stops the jobs that had started', async () => {
      const other = new HeldWork();
      add({ name: 'status-lists', run: other.run });
      add({ startNeeds: 'first-success' });
      const { ended } = start();
      await other.end();
      await work.fail();
      expect(ended()).toBe('Error: out of order');
      await pass(60_000);
      expect(other.started).toBe(1);
    });
  });
});
