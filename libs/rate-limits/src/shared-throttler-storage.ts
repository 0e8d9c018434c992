import type { Counter } from '@aegis/metrics';
import type { Logger } from '@aegis/logging';
import type { OnModuleDestroy } from '@nestjs/common';
import { Redis } from 'ioredis';
import { BoundedThrottlerStorage } from './bounded-throttler-storage';
import { RateLimitsUnavailable } from './rate-limit.errors';
import { guardReplies, type GuardedReplies } from './guarded-replies';
import type { ThrottlerStorageRecord, WeightedThrottlerStorage } from './weighted-throttler-storage';

/**
 * A request waits for Redis in steps. Each step counts once, no matter how long this process was busy in it, because a
 * reply that the process could not read yet is not late.
 */
const PATIENCE_STEP_MS = 50;
/** Replies in a row that did not come in time, after which Redis is treated as unavailable. */
const LATE_REPLIES = 2;
const CONNECT_PATIENCE_MS = 2_000;
/** While Redis is unavailable, one request a second asks whether it is back; the others do not wait. */
const PAUSE_MS = 1_000;
const LONGEST_RECONNECT_PAUSE_MS = 1_000;

/**
 * Counts ARGV[1] hits of the window KEYS[1] unless they exceed the limit ARGV[2]; a new window lasts ARGV[3] ms.
 * Returns the hits counted, the milliseconds that are left of the window, and whether these hits are blocked.
 * What is there and is no window of ours (another type, not a count, longer than a window lasts) is replaced: an error for
 * one bucket would count as a failure of Redis, for all of them.
 */
const COUNT = `
  local weight, limit, ttl = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
  local left = redis.call('PTTL', KEYS[1])
  local hits = 0
  if left > 0 then
    local held = redis.pcall('GET', KEYS[1])
    local count = type(held) == 'string' and #held < 16 and string.match(held, '^[1-9]%d*$')
    if count and left <= ttl then hits = tonumber(count) else left = 0 end
  end
  if hits + weight > limit then return { hits, left > 0 and left or ttl, 1 } end
  if left > 0 then return { redis.call('INCRBY', KEYS[1], weight), left, 0 } end
  redis.call('SET', KEYS[1], weight, 'PX', ttl)
  return { weight, ttl, 0 }
`;

export interface SharedStorageOptions {
  /** `redis://` or `rediss://` (TLS, verified). */
  url: string;
  /** How long a request waits for a reply, in milliseconds. */
  patienceMs: number;
  /**
   * What happens to requests while Redis is unavailable: `open` counts them in this process alone, `closed` refuses
   * them.
   */
  onFailure: 'open' | 'closed';
  logger: Logger;
  /** Counts requests that could not be counted in Redis. */
  failures: Counter;
}

/** Fixed windows in Redis, which several processes count in together. */
export class SharedThrottlerStorage implements WeightedThrottlerStorage, OnModuleDestroy {
  private readonly redis: Redis;
  private readonly own = new BoundedThrottlerStorage();
  /** On the monotonic clock; undefined while Redis answers. */
  private asksAgainAt: number | undefined;
  private lateReplies = 0;
  /** What the client met outside of any request: why it is not connected. */
  private connectionError: unknown;
  private replies: GuardedReplies | undefined;

  private constructor(private readonly options: SharedStorageOptions) {
    this.redis = new Redis(options.url, {
      keyPrefix: 'aegis:rate-limit:',
      connectionName: 'aegis',
      lazyConnect: true,
      connectTimeout: CONNECT_PATIENCE_MS,
      // A request that can't be counted now is not counted later: its answer is gone by then.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      // A primary that became a replica stays one: the name may stand for another by now.
      reconnectOnError: (error) => error.message.startsWith('READONLY'),
      retryStrategy: (attempt) => Math.min(attempt * 50, LONGEST_RECONNECT_PAUSE_MS),
    });
    // Reported by the requests that could not be counted.
    this.redis.on('error', (error) => {
      this.connectionError = error;
    });
    this.redis.on('connect', () => {
      this.replies = guardReplies(this.redis.stream, CONNECT_PATIENCE_MS);
    });
    this.redis.on('ready', () => {
      this.connectionError = undefined;
      this.replies?.isReady();
    });
  }

  /** Connects, for two seconds at most; an unavailable Redis does not prevent a start, and is used when it is there. */
  static async connect(options: SharedStorageOptions): Promise<SharedThrottlerStorage> {
    const storage = new SharedThrottlerStorage(options);
    // `guardReplies` ends a connection that is not ready in time: a Redis that accepts it may say nothing, or that it loads.
    await storage.redis.connect().catch((error: unknown) => {
      storage.isAway(storage.connectionError ?? error);
    });
    return storage;
  }

  /** See `WeightedThrottlerStorage`; throws while Redis is unavailable, with `closed`. */
  async increment(
    key: string,
    ttl: number,
    limit: number,
    blockDuration: number,
    throttlerName: string,
    weight = 1,
  ): Promise<ThrottlerStorageRecord> {
    const counted = await this.countTogether(`{${key}:${throttlerName}}:hits`, ttl, limit, weight);
    if (counted !== undefined) return counted;
    this.options.failures.inc();
    if (this.options.onFailure === 'closed') throw new RateLimitsUnavailable(PAUSE_MS / 1000);
    return this.own.increment(key, ttl, limit, blockDuration, throttlerName, weight);
  }

  onModuleDestroy(): void {
    this.redis.disconnect();
  }

  /** @returns undefined when Redis is unavailable */
  private async countTogether(
    key: string,
    ttl: number,
    limit: number,
    weight: number,
  ): Promise<ThrottlerStorageRecord | undefined> {
    const now = performance.now();
    if (this.asksAgainAt !== undefined) {
      if (now < this.asksAgainAt) return undefined;
      this.asksAgainAt = now + PAUSE_MS;
    }
    try {
      const reply = await inTime(this.ask(key, weight, limit, ttl), this.options.patienceMs);
      const [totalHits, leftMs, blocked] = soundReply(reply, ttl);
      this.isBack();
      const timeToExpire = Math.ceil(leftMs / 1000);
      const isBlocked = blocked === 1;
      return { totalHits, timeToExpire, isBlocked, timeToBlockExpire: isBlocked ? timeToExpire : 0 };
    } catch (error) {
      if (!(error instanceof LateReply)) this.isAway(this.connectionError ?? error);
      else if (++this.lateReplies >= LATE_REPLIES) this.isLate(error);
      return undefined;
    }
  }

  private ask(key: string, weight: number, limit: number, ttl: number): Promise<unknown> {
    const { replies } = this;
    const reply = this.redis.eval(COUNT, 1, key, weight, limit, ttl);
    const read = (): void => replies?.wasRead();
    reply.then(read, read);
    return reply;
  }

  /**
   * The next request asks over another connection: the other end of this one may be gone without having closed it,
   * after which only the operating system would give up, minutes later.
   */
  private isLate(error: LateReply): void {
    if (this.asksAgainAt !== undefined) this.redis.stream.destroy();
    this.isAway(error);
  }

  private isAway(error: unknown): void {
    const known = this.asksAgainAt !== undefined;
    this.asksAgainAt = performance.now() + PAUSE_MS;
    if (known) return;
    const consequence =
      this.options.onFailure === 'open' ? 'each process counts on its own' : 'requests are refused';
    this.options.logger.write('error', `Redis is unavailable: ${consequence}`, { error });
  }

  private isBack(): void {
    this.lateReplies = 0;
    if (this.asksAgainAt === undefined) return;
    this.asksAgainAt = undefined;
    this.options.logger.write('info', 'Redis is back: rate limits are shared again');
  }
}

class LateReply extends Error {}

/**
 * @param reply of Redis to `COUNT`
 * @param ttl that the window has at most, in milliseconds
 * @returns hits counted, milliseconds that are left, and whether these hits are blocked
 * @throws Error for anything else: what answers is not the Redis that was asked
 */
function soundReply(reply: unknown, ttl: number): [hits: number, leftMs: number, blocked: 0 | 1] {
  const [hits, left, blocked, ...more] = Array.isArray(reply) ? (reply as unknown[]) : [];
  const isCount = (value: unknown, most: number): value is number =>
    Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= most;
  if (
    isCount(hits, Number.MAX_SAFE_INTEGER) &&
    isCount(left, ttl) &&
    (blocked === 0 || blocked === 1) &&
    more.length === 0
  )
    return [hits, left, blocked];
  throw new Error('the reply is not one to the script that was sent');
}

/**
 * @param reply of Redis
 * @param patienceMs in which this process could have read it
 * @throws LateReply when it does not come in that time
 */
function inTime<T>(reply: Promise<T>, patienceMs: number): Promise<T> {
  const most = Math.ceil(patienceMs / PATIENCE_STEP_MS);
  return new Promise((resolve, reject) => {
    let steps = 0;
    let timer = setTimeout(step, PATIENCE_STEP_MS);
    function step(): void {
      // After timers comes what was received meanwhile, and then what `setImmediate` was given.
      if (++steps < most) timer = setTimeout(step, PATIENCE_STEP_MS);
      else
        setImmediate(() => {
          reject(new LateReply(`no reply within ${patienceMs} ms`));
        });
    }
    reply
      .finally(() => {
        clearTimeout(timer);
      })
      .then(resolve, reject);
  });
}
