import type { ThrottlerStorage } from '@nestjs/throttler';

export type ThrottlerStorageRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/** Counts hits of buckets within fixed windows, several at once where one request does the work of several. */
export interface WeightedThrottlerStorage extends ThrottlerStorage {
  /**
   * Counts hits of a bucket, unless they exceed its limit: then none of them is counted, and the bucket is blocked
   * for these hits. Fewer may still fit.
   * @param key the bucket
   * @param ttl length of the window in milliseconds; it begins with the first hit
   * @param limit hits that a window allows
   * @param blockDuration unused: a bucket is refused until its window ends
   * @param throttlerName the limit that the bucket belongs to
   * @param weight hits to count, 1 unless given
   * @returns `totalHits` counted in this window, these included unless blocked; times in seconds, rounded up
   * @throws RateLimitsUnavailable (503) while nobody can count
   */
  increment(
    key: string,
    ttl: number,
    limit: number,
    blockDuration: number,
    throttlerName: string,
    weight?: number,
  ): Promise<ThrottlerStorageRecord>;
}
