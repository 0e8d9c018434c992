export type { Quota } from './quota';
export { RateLimited, RateLimitsUnavailable } from './rate-limit.errors';
export { throttlerStorage } from './throttler-storage';
export type { WeightedThrottlerStorage } from './weighted-throttler-storage';
