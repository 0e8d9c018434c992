import type { Logger } from '@aegis/logging';
import type { Counter } from '@aegis/metrics';
import { Redis } from 'ioredis';
import { until } from '../support/until';
import { hasRedis, RedisServer } from '../support/processes/redis-server';
import { SharedThrottlerStorage } from '../../libs/rate-limits/src/shared-throttler-storage';

// Under CI a missing tool is a failure, not a reason to skip.
const describeWithRedis = hasRedis || process.env.CI === 'true' ? describe : describe.skip;
const because = hasRedis ? '' : ' (redis-server is not installed: Debian package redis-server)';

describeWithRedis(`limits that are counted in a Redis${because}`, () => {
  let redis: RedisServer;
  let admin: Redis;
  let storage: SharedThrottlerStorage;
  let failures: number;
  let log: string[];

  const connect = (patienceMs: number): Promise<SharedThrottlerStorage> =>
    SharedThrottlerStorage.connect({
      url: redis.url,
      patienceMs,
      onFailure: 'open',
      logger: { write: (_level: string, message: string) => log.push(message) } as unknown as Logger,
      failures: { inc: () => failures++ } as unknown as Counter,
    });

  beforeEach(async () => {
    redis = await RedisServer.start('canary7f3a');
    admin = new Redis(redis.url);
    failures = 0;
    log = [];
    storage = await connect(250);
  });
  afterEach(async () => {
    storage.onModuleDestroy();
    admin.disconnect();
    await redis.kill();
  });

  const hits = async (): Promise<number> =>
    (await storage.increment('caller', 60_000, 100, 0, 'default')).totalHits;
  const connection = async (): Promise<string | undefined> =>
    /id=(\d+) [^\n]* name=aegis /.exec(String(await admin.client('LIST')))?.[1];

  it('continue although the process was too busy to read the reply', async () => {
    expect(await hits()).toBe(1);
    for (let round = 2; round < 5; round++) {
      const counting = hits();
      const end = performance.now() + 600;
      while (performance.now() < end);
      expect(await counting).toBe(round);
    }
    expect([failures, log]).toEqual([0, []]);
  });

  it('continue when a reply takes a good part of the time that a request waits', async () => {
    storage.onModuleDestroy();
    storage = await connect(60_000);
    expect(await hits()).toBe(1);
    await admin.call('CLIENT', 'PAUSE', '500', 'ALL');
    expect(await hits()).toBe(2);
    expect([failures, log]).toEqual([0, []]);
  });

  it.each([
    ['a list', ['lpush', 'x']],
    ['a text', ['set', 'abc']],
    ['a fraction', ['set', '1.5']],
    ['a number below 0', ['set', '-1000000']],
    ['more than can be counted', ['set', '9'.repeat(40)]],
    ['infinity', ['set', 'inf']],
    ['a count with zeros before it', ['set', '007']],
  ] as const)(
    'count from nothing where somebody put %s in the place of a window',
    async (_, [command, value]) => {
      const [key = ''] = (await hits(), await admin.keys('*'));
      await admin.del(key);
      await admin.call(command, key, value);
      await admin.pexpire(key, 60_000);
      expect([await hits(), await hits()]).toEqual([1, 2]);
      expect([failures, log]).toEqual([0, []]);
    },
  );

  it('last no longer than a window, no matter what somebody else wrote into Redis', async () => {
    await hits();
    const [key = ''] = await admin.keys('*');
    await admin.set(key, '100', 'PX', 9_000_000_000_000);
    expect(await storage.increment('caller', 60_000, 100, 0, 'default')).toMatchObject({
      totalHits: 1,
      isBlocked: false,
      timeToExpire: 60,
    });
  });

  it('stay shared after one late reply, and not after two', async () => {
    await hits();
    redis.freeze();
    await hits();
    expect([failures, log]).toEqual([1, []]);
    await hits();
    expect([failures, log]).toEqual([2, ['Redis is unavailable: each process counts on its own']]);
    redis.thaw();
    await until('Redis answers again', async () => {
      await hits();
      return log.includes('Redis is back: rate limits are shared again');
    });
  });

  it('connect again when their Redis has become a replica, and are shared again when it is a primary', async () => {
    expect(await hits()).toBe(1);
    const first = await connection();
    await admin.replicaof('127.0.0.1', '1');
    await hits();
    expect([failures, log]).toEqual([1, ['Redis is unavailable: each process counts on its own']]);
    await until('it is connected again', async () => {
      const second = await connection();
      return second !== undefined && second !== first;
    });
    await admin.replicaof('NO', 'ONE');
    await until('Redis answers again', async () => {
      await hits();
      return log.includes('Redis is back: rate limits are shared again');
    });
  });
});
