import { RateLimitSettings } from './rate-limit-settings';
import { IsWholeNumber } from './rules';
import { Setting } from './setting';

/** How long the server waits for callers, and how many of them it lets wait (docs/reliability.md). */
export abstract class HttpLimits extends RateLimitSettings {
  @Setting({
    kind: 'integer',
    default: '10000',
    description: 'Longest time for the head of a request to arrive, in milliseconds; then 408.',
  })
  @IsWholeNumber(1_000, 60_000)
  HTTP_HEADERS_TIMEOUT_MS!: number;

  @Setting({
    kind: 'integer',
    default: '90000',
    description: 'Longest time for a whole request to arrive, in milliseconds; then 408.',
  })
  @IsWholeNumber(60_000, 600_000)
  HTTP_REQUEST_TIMEOUT_MS!: number;

  @Setting({
    kind: 'integer',
    default: '60000',
    description: 'Milliseconds after which a connection is closed when nothing moves on it during a request.',
  })
  @IsWholeNumber(1_000, 600_000)
  HTTP_IDLE_TIMEOUT_MS!: number;

  @Setting({
    kind: 'integer',
    default: '65000',
    description:
      'Milliseconds after which a connection without a request is closed; must be longer than in the load balancer.',
  })
  @IsWholeNumber(1_000, 600_000)
  HTTP_KEEP_ALIVE_TIMEOUT_MS!: number;

  @Setting({
    kind: 'integer',
    default: '1000',
    description:
      'Maximum number of requests on which this process works; others get 503 at once, except probes. Requests that are still being sent do not count.',
  })
  @IsWholeNumber(10, 100_000)
  MAX_WAITING_REQUESTS!: number;
}
