import { DomainError, type ErrorCode } from '@aegis/errors';

/** The body is not of a type that the server reads (415). */
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
    super('The resource has changed since the state that `If-Match` names. Read it again, then decide.');
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
