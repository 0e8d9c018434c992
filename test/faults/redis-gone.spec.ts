import { hasRedis, RedisServer } from '../support/processes/redis-server';
import type { ServerProcess } from '../support/processes/server-process';
import { until } from '../support/until';
import { Caller, codeOf, median, type Reply } from './support/caller';
import { Link } from './support/link';
import { MetricsReading } from './support/metrics';
import { RowPostgres } from './support/postgres';
import { SLOW_MACHINE } from './support/promises';
import { Servers } from './support/servers';

// Under CI a missing tool is a failure, not a reason to skip.
const itWithRedis = hasRedis || process.env.CI === 'true' ? it : it.skip;
const because = hasRedis ? '' : ' (redis-server is not installed: Debian package redis-server)';
const COUNT = 20;
const PATIENCE_MS = 1000;

describe('Redis gone, slow, and back', () => {
  let postgres: RowPostgres;
  let servers: Servers;
  let redis: RedisServer | undefined;
  let link: Link | undefined;
  const caller = new Caller();

  beforeAll(async () => {
    postgres = await RowPostgres.start();
    servers = new Servers(postgres.applicationUrl);
  });
  afterAll(async () => {
    caller.close();
    await servers.close();
    await link?.close();
    await redis?.kill();
    await postgres.close();
  });

  itWithRedis(
    `is answered as RATE_LIMIT_ON_STORAGE_FAILURE says, within a second, and used again without a restart${because}`,
    async () => {
      redis = await RedisServer.start('canary7f3a');
      link = await Link.to(Number(new URL(redis.url).port));
      const settings = { REDIS_URL: link.of(redis.url), RATE_LIMIT_PUBLIC: '100000' };
      const [open, closed] = await Promise.all([
        servers.start({ ...settings, RATE_LIMIT_ON_STORAGE_FAILURE: 'open' }),
        servers.start({ ...settings, RATE_LIMIT_ON_STORAGE_FAILURE: 'closed' }),
      ]);
      const faults: [string, () => Promise<void>, () => Promise<void>][] = [
        ['gone', () => redis!.kill(), () => redis!.start()],
        ['slow', () => at(link!, 10_000), () => at(link!, 0)],
        ['silent', () => at(link!, 'silent'), () => at(link!, 'speaking')],
      ];
      for (const [fault, hurt, heal] of faults) {
        await until(`both count in Redis before it is ${fault}`, () => bothCountInRedis(open, closed));
        const before = await failures(open);
        await hurt();
        const passed = await ask(open);
        const refused = await ask(closed);
        expect(passed.map(({ status }) => status)).toEqual(Array<number>(COUNT).fill(200));
        expect(refused.map((reply) => [reply.status, codeOf(reply), reply.headers['retry-after']])).toEqual(
          Array.from({ length: COUNT }, () => [503, 'service_unavailable', '1']),
        );
        for (const replies of [passed, refused]) {
          const durations = replies.map(({ milliseconds }) => milliseconds);
          expect(median(durations)).toBeLessThan(PATIENCE_MS);
          expect(Math.max(...durations)).toBeLessThan(PATIENCE_MS * SLOW_MACHINE);
        }
        for (const server of [open, closed]) {
          expect(await server.probe('ready')).toBe(200);
          expect(await failures(server)).toBeGreaterThanOrEqual(COUNT);
        }
        expect(await failures(open)).toBeGreaterThanOrEqual(before + COUNT);
        await heal();
      }
      await until('both count in Redis again', () => bothCountInRedis(open, closed));
      expect([open, closed].map(({ hasEnded }) => hasEnded)).toEqual([false, false]);
    },
  );

  function ask({ url }: ServerProcess): Promise<Reply[]> {
    return Promise.all(Array.from({ length: COUNT }, () => caller.send('GET', `${url}/info`)));
  }

  async function failures(server: ServerProcess): Promise<number> {
    return (await MetricsReading.of(server)).value('aegis_rate_limit_storage_failures_total') ?? 0;
  }

  /** Whether a request to one is seen by the other. */
  async function bothCountInRedis(one: ServerProcess, other: ServerProcess): Promise<boolean> {
    const remaining = async ({ url }: ServerProcess): Promise<number> => {
      const { status, headers } = await caller.send('GET', `${url}/info`);
      return status === 200 ? Number(headers['x-ratelimit-remaining']) : Number.NaN;
    };
    const seen = await remaining(one);
    return (await remaining(other)) === seen - 1;
  }
});

/** Changes the network. @param speed milliseconds that an answer takes longer */
function at(link: Link, speed: number | 'silent' | 'speaking'): Promise<void> {
  if (speed === 'silent') link.silence();
  else if (speed === 'speaking') link.speak();
  else link.slowBy(speed);
  return Promise.resolve();
}
