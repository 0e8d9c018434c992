import { PassThrough } from 'node:stream';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { Jobs } from './jobs';
import { WriteBehind } from './write-behind';

const MOST_KEYS = 10_000;

/** Counts by key; what it writes goes where the test says. */
class Counts extends WriteBehind<string, number> {
  written: Record<string, number>[] = [];
  writer: (values: Record<string, number>) => Promise<void> = () => Promise.resolve();

  constructor(jobs: Jobs, logger: Logger) {
    super(jobs, logger, {
      name: 'api-key-uses',
      pauseMs: 2000,
      failure: 'counts could not be written',
      refusal: 'a count is dropped',
    });
  }

  count(key: string): void {
    this.collect(key, 1);
  }

  protected merge(earlier: number, later: number): number {
    return earlier + later;
  }

  protected async write(values: ReadonlyMap<string, number>): Promise<void> {
    const written = Object.fromEntries(values);
    await this.writer(written);
    this.written.push(written);
  }
}

describe('writes that wait in memory', () => {
  let log: string[];
  let metrics: Metrics;
  let jobs: Jobs;
  let counts: Counts;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    log = [];
    const stream = new PassThrough().on('data', (chunk: Buffer) => log.push(chunk.toString()));
    const logger = new Logger({ level: 'debug', format: 'json', stream });
    metrics = new Metrics();
    jobs = new Jobs(logger, metrics);
    counts = new Counts(jobs, logger);
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const failures = async (): Promise<string> =>
    /^aegis_job_failures_total\S+ (\S+)$/m.exec(await metrics.registry.metrics())![1]!;
  const countMany = (prefix: string, many: number): void => {
    for (let key = 0; key < many; key += 1) counts.count(`${prefix}-${key}`);
  };

  it('are written together at the interval, one value per key', async () => {
    await jobs.onApplicationBootstrap();
    for (const key of ['a', 'b', 'a']) counts.count(key);
    await jest.advanceTimersByTimeAsync(1999);
    expect(counts.written).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(counts.written).toEqual([{ a: 2, b: 1 }]);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(counts.written).toHaveLength(1);
  });

  it('are written at shutdown', async () => {
    await jobs.onApplicationBootstrap();
    counts.count('a');
    await jobs.beforeApplicationShutdown();
    counts.count('a');
    await jobs.onApplicationShutdown();
    expect(counts.written).toEqual([{ a: 2 }]);
  });

  it('are kept when they cannot be written, and merged with later ones', async () => {
    counts.writer = () => {
      counts.count('a');
      return Promise.reject(new Error('the connection is lost'));
    };
    counts.count('a');
    counts.count('b');
    await counts.flush();
    expect(log.join('')).toContain('counts could not be written');
    expect(await failures()).toBe('1');
    counts.writer = () => Promise.resolve();
    await counts.flush();
    expect(counts.written).toEqual([{ a: 2, b: 1 }]);
  });

  it('are dropped one by one when the database refuses them', async () => {
    counts.writer = (values) =>
      'b' in values
        ? Promise.reject(Object.assign(new Error('out of range'), { code: '22003' }))
        : Promise.resolve();
    for (const key of ['a', 'b', 'c']) counts.count(key);
    await counts.flush();
    await counts.flush();
    expect(Object.assign({}, ...counts.written)).toEqual({ a: 1, c: 1 });
    expect(log.filter((line) => line.includes('a count is dropped'))).toHaveLength(1);
    expect(await failures()).toBe('0');
  });

  it('are written at once when 10,000 keys wait', async () => {
    countMany('key', MOST_KEYS - 1);
    await jest.advanceTimersByTimeAsync(0);
    expect(counts.written).toEqual([]);
    counts.count('one-more');
    await jest.advanceTimersByTimeAsync(0);
    expect(Object.keys(counts.written[0]!)).toHaveLength(MOST_KEYS);
  });

  it('are bounded while nothing can be written: known keys continue counting, others are dropped', async () => {
    let attempts = 0;
    counts.writer = () => {
      attempts += 1;
      return Promise.reject(new Error('the connection is lost'));
    };
    countMany('key', MOST_KEYS);
    await counts.flush();
    attempts = 0;
    countMany('other', 500);
    counts.count('key-0');
    await jest.advanceTimersByTimeAsync(0);
    // Being full is no reason to try again and again.
    expect(attempts).toBe(0);
    counts.writer = () => Promise.resolve();
    await counts.flush();
    const [written] = counts.written;
    expect(Object.keys(written!)).toHaveLength(MOST_KEYS);
    expect(written).toMatchObject({ 'key-0': 2, 'key-1': 1 });
    expect(written).not.toHaveProperty('other-0');
  });

  it('are bounded while a write takes long, including what it failed to write', async () => {
    let fail: (error: Error) => void = () => undefined;
    counts.writer = () => new Promise((_, reject) => (fail = reject));
    countMany('first', 6000);
    const flushed = counts.flush();
    countMany('second', 6000);
    fail(new Error('the connection is lost'));
    await flushed;
    counts.writer = () => Promise.resolve();
    await counts.flush();
    const [written] = counts.written;
    expect(Object.keys(written!)).toHaveLength(MOST_KEYS);
    expect(written).toHaveProperty('first-5999');
    expect(written).not.toHaveProperty('second-5999');
  });
});
