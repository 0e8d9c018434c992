import { RateLimitSettings } from './rate-limit-settings';
import { IsWholeNumber } from './rules';
import { Setting } from './setting';

/** How long the server waits for callers, and how many of them it lets wait (docs/reliability.md). */
export abstract class HttpLimits extends RateLimitSettings {
  @Setting({
    kind: 'integer',
    default: '10000',
    description: 'Longest that the head of a request may take to arrive, in milliseconds; then 408.',
  })
  @IsWholeNumber(1_000, 60_000)
  HTTP_HEADERS_TIMEOUT_MS!: number;

  @Setting({
    kind: 'integer',
    default: '90000',
    description: 'Longest that a whole request may take to arrive, in milliseconds; then 408.',
  })
  @IsWholeNumber(60_000, 600_000)
  HTTP_REQUEST_TIMEOUT_MS!: number;

  @Setting({
    kind: 'integer',
    default: '60000',
    description:
      'A connection over which nothing moves during a request is closed after so many milliseconds.',
  })
  @IsWholeNumber(1_000, 600_000)
  HTTP_IDLE_TIMEOUT_MS!: number;

  @Setting({
    kind: 'integer',
    default: '65000',
    description:
      'A connection without a request is closed after so many milliseconds: later than the load balancer closes it.',
  })
  @IsWholeNumber(1_000, 600_000)
  HTTP_KEEP_ALIVE_TIMEOUT_MS!: number;

  @Setting({
    kind: 'integer',
    default: '1000',
    description:
      'While so many requests wait for this process, others get 503 at once, except probes. Requests that are still being sent do not count.',
  })
  @IsWholeNumber(10, 100_000)
  MAX_WAITING_REQUESTS!: number;
}
