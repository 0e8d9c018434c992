import { DomainError, type ErrorCode, type FieldError } from '@aegis/errors';
import { FieldErrors } from './bounds/field-errors';

/** Fields, parameters or ids break rules (422). */
export class InvalidInput extends DomainError {
  readonly code = 'validation_failed';

  override readonly errors: readonly FieldError[];

  /** @param errors every broken rule at once; an answer names the first of them, as many as `FieldErrors` keeps */
  constructor(errors: readonly FieldError[] | FieldErrors) {
    const bounded = errors instanceof FieldErrors ? errors : FieldErrors.of(errors);
    super(
      bounded.isFull
        ? 'The request breaks more rules than one answer names; see `errors` for the first of them.'
        : 'The request breaks one or more rules; see `errors`.',
    );
    this.errors = bounded.all;
  }
}

/** The request can't be read, or contradicts itself (400). */
export class MalformedRequest extends DomainError {
  readonly code = 'invalid_request';
}

/** The body is none that the server reads (415). */
export class UnsupportedMediaType extends DomainError {
  readonly code = 'unsupported_media_type';
}

/** `Accept` names nothing that the route can answer (406). */
export class NotAcceptable extends DomainError {
  readonly code = 'not_acceptable';
}

/** `If-Match` names none of the present entity tags (412). */
export class PreconditionFailed extends DomainError {
  readonly code = 'precondition_failed';

  constructor() {
    super('It has been changed since the state that `If-Match` names. Read it again, then decide.');
  }
}

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

/** Nobody can tell whether a bucket is used up, and the settings say to refuse then (503). */
export class RateLimitsUnavailable extends DomainError {
  readonly code = 'service_unavailable';

  /** @param retryAfterSeconds seconds until the storage is asked again */
  constructor(override readonly retryAfterSeconds: number) {
    super('The service is temporarily unavailable.');
  }
}

/** What the framework refuses, in the words of the catalogue. */
export class FrameworkRefusal extends DomainError {
  constructor(
    readonly code: ErrorCode,
    detail: string,
    override readonly retryAfterSeconds?: number,
    cause?: unknown,
  ) {
    super(detail, { cause });
  }
}
