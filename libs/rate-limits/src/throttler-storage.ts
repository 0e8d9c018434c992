import type { Environment } from '@aegis/config';
import type { Logger } from '@aegis/logging';
import type { Metrics } from '@aegis/metrics';
import { BoundedThrottlerStorage } from './bounded-throttler-storage';
import type { WeightedThrottlerStorage } from './weighted-throttler-storage';

/**
 * The storage that counts hits: Redis where REDIS_URL is set, else this process's memory. The Redis client is loaded
 * only where it is used, because it costs start time and memory.
 */
export async function throttlerStorage(
  { REDIS_URL: url, REDIS_TIMEOUT_MS: patienceMs, RATE_LIMIT_ON_STORAGE_FAILURE: onFailure }: Environment,
  logger: Logger,
  metrics: Metrics,
): Promise<WeightedThrottlerStorage> {
  const failures = metrics.counter({
    name: 'aegis_rate_limit_storage_failures_total',
    help: 'Requests that could not be counted in Redis; always 0 without REDIS_URL.',
  });
  if (url === undefined) return new BoundedThrottlerStorage();
  const { SharedThrottlerStorage } = await import('./shared-throttler-storage.js');
  return SharedThrottlerStorage.connect({ url, patienceMs, onFailure, logger, failures });
}
