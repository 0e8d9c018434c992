import { IsIn, IsOptional } from 'class-validator';
import { IsRedisUrl, IsTrueOrFalse, IsWholeNumber } from './rules';
import { Setting } from './setting';
import { SignerSettings } from './signers/signer-settings';

/** Settings of the rate limits, and of the Redis that processes share them in. */
export abstract class RateLimitSettings extends SignerSettings {
  @Setting({ kind: 'boolean', default: 'true', description: 'Enforce the rate limits.' })
  @IsTrueOrFalse()
  RATE_LIMIT_ENABLED!: boolean;

  @Setting({
    kind: 'integer',
    default: '100',
    description: 'Requests per minute, by API key or else by address.',
  })
  @IsWholeNumber(1, 1_000_000_000)
  RATE_LIMIT_DEFAULT!: number;

  @Setting({
    kind: 'integer',
    default: '1000',
    description: 'Validations per minute, by API key or else by address.',
  })
  @IsWholeNumber(1, 1_000_000_000)
  RATE_LIMIT_VALIDATE!: number;

  @Setting({ kind: 'integer', default: '60', description: 'Validations per minute of one license.' })
  @IsWholeNumber(1, 1_000_000_000)
  RATE_LIMIT_LICENSE!: number;

  @Setting({
    kind: 'integer',
    default: '10000',
    description: 'Different items per minute of batch validations, by API key.',
  })
  @IsWholeNumber(1, 1_000_000_000)
  RATE_LIMIT_BATCH_ITEMS!: number;

  @Setting({
    kind: 'integer',
    default: '60',
    description: 'Requests of installations for a seat, per minute and license.',
  })
  @IsWholeNumber(1, 1_000_000_000)
  RATE_LIMIT_ADMISSIONS!: number;

  @Setting({
    kind: 'integer',
    default: '10',
    description: 'Heartbeats and releases per minute and activation.',
  })
  @IsWholeNumber(1, 1_000_000_000)
  RATE_LIMIT_ACTIVATION!: number;

  @Setting({
    kind: 'integer',
    default: '300',
    description: 'Requests per minute to the other public routes, by API key or else by address.',
  })
  @IsWholeNumber(1, 1_000_000_000)
  RATE_LIMIT_PUBLIC!: number;

  @Setting({
    kind: 'integer',
    default: '600',
    description: 'Requests per minute of all sessions of an API key together.',
  })
  @IsWholeNumber(1, 1_000_000_000)
  RATE_LIMIT_SESSION!: number;

  @Setting({
    kind: 'url',
    example: 'rediss://:password@redis.example.com:6379',
    secret: true,
    description: 'Redis in which several processes count together; rediss:// for TLS.',
  })
  @IsOptional()
  @IsRedisUrl()
  REDIS_URL?: string;

  @Setting({
    kind: 'integer',
    default: '250',
    description: 'Longest wait for Redis to count a request, in milliseconds.',
  })
  @IsWholeNumber(50, 10_000)
  REDIS_TIMEOUT_MS!: number;

  @Setting({
    kind: 'text',
    default: 'open',
    description:
      'open or closed: while Redis is unavailable, count in each process separately, or refuse requests (503).',
  })
  @IsIn(['open', 'closed'], { message: 'must be open or closed' })
  RATE_LIMIT_ON_STORAGE_FAILURE!: 'open' | 'closed';
}
