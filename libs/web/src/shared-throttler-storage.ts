import type { Logger } from '@aegis/logging';
import type { Metrics } from '@aegis/metrics';
import { ThrottlerStorageRedisService } from '@nest-lab/throttler-storage-redis';
import type { OnModuleDestroy } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import { Redis } from 'ioredis';
import { BoundedThrottlerStorage } from './bounded-throttler-storage';
import { RateLimitsUnavailable } from './web.errors';

type ThrottlerStorageRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/** Longest that a request waits for Redis. */
const PATIENCE_MS = 250;
const CONNECT_PATIENCE_MS = 2_000;
/** While Redis is away, one request a second asks whether it is back; the others do not wait. */
const PAUSE_MS = 1_000;
const LONGEST_RECONNECT_PAUSE_MS = 1_000;

/**
 * The library blocks a bucket for a whole window from the moment it is used up, and so beyond its window's end. With
 * a limit that none reaches it only counts, and what is used up is decided here.
 */
const NO_LIMIT = Number.MAX_SAFE_INTEGER;

export interface SharedStorageOptions {
  /** `redis://` or `rediss://` (TLS, verified). */
  url: string;
  /** What becomes of requests while Redis is away: `open` counts them in this process alone, `closed` refuses them. */
  onFailure: 'open' | 'closed';
  logger: Logger;
  metrics: Metrics;
}

/** Fixed windows in Redis, which several processes count in together. */
export class SharedThrottlerStorage implements ThrottlerStorage, OnModuleDestroy {
  private readonly redis: Redis;
  private readonly counters: ThrottlerStorageRedisService;
  private readonly own = new BoundedThrottlerStorage();
  /** On the monotonic clock; undefined while Redis answers. */
  private asksAgainAt: number | undefined;

  private constructor(private readonly options: SharedStorageOptions) {
    this.redis = new Redis(options.url, {
      keyPrefix: 'aegis:rate-limit:',
      connectionName: 'aegis',
      lazyConnect: true,
      connectTimeout: CONNECT_PATIENCE_MS,
      commandTimeout: PATIENCE_MS,
      // A request that can't be counted now is not counted later: its answer is gone by then.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (attempt) => Math.min(attempt * 50, LONGEST_RECONNECT_PAUSE_MS),
    });
    // Told by the requests that could not be counted.
    this.redis.on('error', () => undefined);
    this.counters = new ThrottlerStorageRedisService(this.redis);
  }

  /** Connects, for two seconds at most; a Redis that is away stops no start, and is joined when it comes. */
  static async connect(options: SharedStorageOptions): Promise<SharedThrottlerStorage> {
    const storage = new SharedThrottlerStorage(options);
    await storage.redis.connect().catch((error: unknown) => {
      storage.isAway(error);
    });
    return storage;
  }

  /**
   * Counts one hit of a bucket.
   * @param key the bucket
   * @param ttl length of the window in milliseconds
   * @param limit hits that a window allows
   * @param blockDuration unused: a bucket is refused until its window ends
   * @param throttlerName the limit that the bucket belongs to
   * @throws RateLimitsUnavailable (503) while Redis is away, with `closed`
   */
  async increment(
    key: string,
    ttl: number,
    limit: number,
    blockDuration: number,
    throttlerName: string,
  ): Promise<ThrottlerStorageRecord> {
    const counted = await this.countTogether(key, ttl, throttlerName);
    if (counted === undefined) {
      this.options.metrics.rateLimitStorageFailed();
      if (this.options.onFailure === 'closed') throw new RateLimitsUnavailable(PAUSE_MS / 1000);
      return this.own.increment(key, ttl, limit, blockDuration, throttlerName);
    }
    const isBlocked = counted.totalHits > limit;
    return { ...counted, isBlocked, timeToBlockExpire: isBlocked ? counted.timeToExpire : 0 };
  }

  onModuleDestroy(): void {
    this.redis.disconnect();
  }

  /** @returns undefined when Redis is away */
  private async countTogether(
    key: string,
    ttl: number,
    throttlerName: string,
  ): Promise<ThrottlerStorageRecord | undefined> {
    const now = performance.now();
    if (this.asksAgainAt !== undefined) {
      if (now < this.asksAgainAt) return undefined;
      this.asksAgainAt = now + PAUSE_MS;
    }
    try {
      const counted = await this.counters.increment(key, ttl, NO_LIMIT, ttl, throttlerName);
      this.isBack();
      return counted;
    } catch (error) {
      this.isAway(error);
      return undefined;
    }
  }

  private isAway(error: unknown): void {
    const known = this.asksAgainAt !== undefined;
    this.asksAgainAt = performance.now() + PAUSE_MS;
    if (known) return;
    const consequence =
      this.options.onFailure === 'open' ? 'each process counts by itself' : 'requests are refused';
    this.options.logger.write('error', `Redis is away: ${consequence}`, { error });
  }

  private isBack(): void {
    if (this.asksAgainAt === undefined) return;
    this.asksAgainAt = undefined;
    this.options.logger.write('info', 'Redis is back: rate limits are shared again');
  }
}
