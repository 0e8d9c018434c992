import type { ThrottlerStorageRecord, WeightedThrottlerStorage } from './weighted-throttler-storage';

interface Window {
  hits: number;
  /** On the monotonic clock, in milliseconds. */
  endsAt: number;
}

const MAX_BUCKETS = 100_000;

/**
 * Fixed windows in this process's memory: a map entry a bucket, no timer, and a bound on their number for each
 * named limit, so that callers who invent buckets of one kind push out no bucket of another.
 */
export class BoundedThrottlerStorage implements WeightedThrottlerStorage {
  private readonly limits = new Map<string, Map<string, Window>>();

  /**
   * @param maxBuckets windows kept at most a named limit; beyond, the one that ends first is forgotten
   * @param now the clock, in whole milliseconds; monotonic
   */
  constructor(
    private readonly maxBuckets = MAX_BUCKETS,
    private readonly now: () => number = () => Math.floor(performance.now()),
  ) {}

  /** See `WeightedThrottlerStorage`. */
  increment(
    key: string,
    ttl: number,
    limit: number,
    _blockDuration: number,
    throttlerName: string,
    weight = 1,
  ): Promise<ThrottlerStorageRecord> {
    const now = this.now();
    const windows = this.windowsOf(throttlerName);
    let window = windows.get(key);
    if (window === undefined || window.endsAt <= now) {
      windows.delete(key);
      this.makeRoom(windows, now);
      window = { hits: 0, endsAt: now + ttl };
      windows.set(key, window);
    }
    const isBlocked = window.hits + weight > limit;
    if (!isBlocked) window.hits += weight;
    const timeToExpire = Math.ceil((window.endsAt - now) / 1000);
    return Promise.resolve({
      totalHits: window.hits,
      timeToExpire,
      isBlocked,
      timeToBlockExpire: isBlocked ? timeToExpire : 0,
    });
  }

  private windowsOf(throttlerName: string): Map<string, Window> {
    let windows = this.limits.get(throttlerName);
    if (windows === undefined) this.limits.set(throttlerName, (windows = new Map<string, Window>()));
    return windows;
  }

  /** A map lists entries as they were set, so the first window ends first: two looks a new window keep it lean. */
  private makeRoom(windows: Map<string, Window>, now: number): void {
    let looks = 2;
    for (const [key, { endsAt }] of windows) {
      if (looks-- === 0 || (endsAt > now && windows.size < this.maxBuckets)) return;
      windows.delete(key);
    }
  }
}
