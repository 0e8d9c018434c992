import { hasRedis, RedisServer } from '../support/processes/redis-server';
import { Processes, type ServerProcess } from '../support/processes/server-process';
import { until } from '../support/until';

// Under CI a missing tool is a failure, not a reason to skip.
const describeWithRedis = hasRedis || process.env.CI === 'true' ? describe : describe.skip;
const because = hasRedis ? '' : ' (redis-server is not installed: Debian package redis-server)';
const PASSWORD = 'canary7f3a';

describeWithRedis(`limits that processes share in a Redis${because}`, () => {
  const processes = new Processes();
  const folder = processes.emptyFolder();
  const running: ServerProcess[] = [];
  let redis: RedisServer;
  /** Made by the first server of them all. */
  let adminKey: string | undefined;

  beforeEach(async () => {
    redis = await RedisServer.start(PASSWORD);
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((server) => server.stop()));
    await redis.kill();
  });
  afterAll(() => processes.close());

  /** All use one embedded database. */
  const server = async (variables: Readonly<Record<string, string>> = {}): Promise<ServerProcess> => {
    const started = processes.server({
      ENVIRONMENT: 'test',
      KEYS_DIR: folder,
      DATA_DIR: folder,
      REDIS_URL: redis.url,
      RATE_LIMIT_PUBLIC: '100',
      LOG_FORMAT: 'json',
      ...variables,
    });
    running.push(started);
    await started.ready();
    adminKey ??= /aegis_test_\w+/.exec(started.output)?.[0];
    return started;
  };

  const ask = (at: ServerProcess): Promise<Response> => fetch(`${at.url}/info`);
  const remaining = async (at: ServerProcess): Promise<number> =>
    Number((await ask(at)).headers.get('x-ratelimit-remaining'));
  const lines = (at: ServerProcess, part: string): number => at.output.split(part).length - 1;
  const failures = async (at: ServerProcess): Promise<number> => {
    const [, url] = /metrics_url"?[=:]"?(http:[^\s",]+)/.exec(at.stdout) ?? [];
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(/^aegis_rate_limit_storage_failures_total (\d+)$/m.exec(text)?.[1]);
  };

  it('allow as many requests to two processes as to one', async () => {
    const limits = { RATE_LIMIT_PUBLIC: '20' };
    const both = [await server(limits), await server(limits)];
    const statuses: number[] = [];
    for (let round = 0; round < 15; round++)
      statuses.push(...(await Promise.all(both.map(async (at) => (await ask(at)).status))));
    const allowed = statuses.filter((status) => status === 200).length;
    expect(allowed).toBeGreaterThanOrEqual(18);
    expect(allowed).toBeLessThanOrEqual(22);
    expect(statuses.filter((status) => status === 429)).toHaveLength(30 - allowed);
    const refused = await ask(both[0]!);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(both.map((at) => at.output).join('')).not.toContain(PASSWORD);
  });

  it('count the items of batches together, and none of a batch that does not fit', async () => {
    const both = [
      await server({ RATE_LIMIT_BATCH_ITEMS: '10' }),
      await server({ RATE_LIMIT_BATCH_ITEMS: '10' }),
    ];
    const batch = async (at: ServerProcess, count: number): Promise<[number, string | null]> => {
      const items = Array.from({ length: count }, (_, index) => ({
        token: 'x',
        module_name: `m-${index}`,
        odoo_version: '17',
      }));
      const answer = await fetch(`${at.url}/api/v1/licenses/validate/batch`, {
        method: 'POST',
        headers: { 'X-API-Key': adminKey!, 'Content-Type': 'application/json' },
        body: JSON.stringify({ items }),
      });
      const [, left = null] = /"batch-items";r=(\d+)/.exec(answer.headers.get('ratelimit') ?? '') ?? [];
      return [answer.status, left];
    };
    expect(await batch(both[0]!, 7)).toEqual([200, '3']);
    expect(await batch(both[1]!, 4)).toEqual([429, '3']);
    expect(await batch(both[1]!, 11)).toEqual([429, '3']);
    expect(await batch(both[1]!, 3)).toEqual([200, '0']);
    expect(await batch(both[0]!, 1)).toEqual([429, '0']);
  });

  it('are counted in each process alone while Redis is gone, and together again when it is back', async () => {
    const one = await server();
    const two = await server();
    await remaining(one);
    expect(await remaining(two)).toBe(98);
    await redis.kill();
    expect(await remaining(one)).toBe(99);
    expect(await remaining(one)).toBe(98);
    expect(await remaining(two)).toBe(99);
    expect(await failures(one)).toBe(2);
    expect(lines(one, 'Redis is unavailable: each process counts on its own')).toBe(1);
    await redis.start();
    await until('both count together', async () => {
      await Promise.all([ask(one), ask(two)]);
      return [one, two].every((at) => lines(at, 'Redis is back') === 1);
    });
    const seen = await remaining(one);
    expect(await remaining(two)).toBe(seen - 1);
  });

  it('delay no request for a Redis that hangs', async () => {
    const one = await server();
    await remaining(one);
    redis.freeze();
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(one)));
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(20).fill(200));
    expect(await failures(one)).toBe(20);
    expect(lines(one, 'Redis is unavailable: each process counts on its own')).toBe(1);
    redis.thaw();
    await until('Redis answers again', async () => {
      await ask(one);
      return lines(one, 'Redis is back') === 1;
    });
  });

  it('refuse requests while Redis is gone, if the settings say so', async () => {
    const one = await server({ RATE_LIMIT_ON_STORAGE_FAILURE: 'closed' });
    await remaining(one);
    await redis.kill();
    const refused = await ask(one);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await refused.json()).toMatchObject({ code: 'service_unavailable', status: 503 });
    expect(await one.probe('ready')).toBe(200);
    expect(await failures(one)).toBe(1);
    expect(lines(one, 'Redis is unavailable: requests are refused')).toBe(1);
    await redis.start();
    await until('requests pass again', async () => (await ask(one)).status === 200);
  });

  it('refuse requests at once while Redis hangs, if the settings say so', async () => {
    const one = await server({ RATE_LIMIT_ON_STORAGE_FAILURE: 'closed' });
    await remaining(one);
    redis.freeze();
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(one)));
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(20).fill(503));
    expect(await one.probe('ready')).toBe(200);
    expect(await failures(one)).toBe(20);
    expect(lines(one, 'Redis is unavailable: requests are refused')).toBe(1);
    redis.thaw();
    await until('requests pass again', async () => (await ask(one)).status === 200);
    expect(lines(one, 'Redis is back')).toBe(1);
  });

  it('are counted in the process alone when Redis has another password, which no log has', async () => {
    const wrong = 'canary51e9';
    const one = await server({ REDIS_URL: redis.url.replace(PASSWORD, wrong) });
    expect([await remaining(one), await remaining(one)]).toEqual([99, 98]);
    expect(lines(one, 'WRONGPASS')).toBe(1);
    expect(one.output).not.toContain(wrong);
  });

  it('are joined by a process that started while Redis was gone', async () => {
    await redis.kill();
    const one = await server();
    expect((await ask(one)).status).toBe(200);
    await redis.start();
    await until('Redis is found', async () => {
      await ask(one);
      return lines(one, 'Redis is back') === 1;
    });
  });
});
