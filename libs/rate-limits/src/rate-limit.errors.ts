import { DomainError } from '@aegis/errors';

/** A bucket is used up (429). */
export class RateLimited extends DomainError {
  readonly code = 'rate_limited';

  /**
   * @param retryAfterSeconds seconds until the window of the bucket ends
   * @param detail what the caller can do, where waiting alone is not the best advice
   */
  constructor(
    override readonly retryAfterSeconds: number,
    detail = 'Too many requests. Wait as long as `Retry-After` says.',
  ) {
    super(detail);
  }
}

/** It is unknown whether a bucket is used up, and the settings say to refuse then (503). */
export class RateLimitsUnavailable extends DomainError {
  readonly code = 'service_unavailable';

  /** @param retryAfterSeconds seconds until the storage is asked again */
  constructor(override readonly retryAfterSeconds: number) {
    super('The service is temporarily unavailable.');
  }
}
