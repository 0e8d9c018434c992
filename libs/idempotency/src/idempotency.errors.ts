import { DomainError } from '@aegis/errors';
import type { Scope } from '@aegis/access';

/** Another request with this Idempotency-Key is still running (409). */
export class RequestInProgress extends DomainError {
  readonly code = 'request_in_progress';
  override readonly retryAfterSeconds = 1;

  constructor() {
    super('A request with this Idempotency-Key is still running. Send it again in a moment.');
  }
}

/** The Idempotency-Key came with another path, query or body before (422). */
export class IdempotencyKeyReused extends DomainError {
  readonly code = 'idempotency_key_reused';
  override readonly errors = [{ field: 'Idempotency-Key', message: 'must be a new one for each request' }];

  constructor() {
    super('This Idempotency-Key was already used for another request.');
  }
}

/** The key of encryption is gone: the pepper that it depends on is no longer in the settings (409). */
export class AnswerUnreadable extends DomainError {
  readonly code = 'answer_unreadable';

  constructor() {
    super('The request was carried out before, but its answer can no longer be read.');
  }
}

/** The caller has lost a scope since it got the answer that is remembered (403). */
export class ScopeLostSince extends DomainError {
  readonly code = 'insufficient_scope';

  constructor(lost: readonly Scope[]) {
    super(`The API key has lost the scope ${lost.join(', ')} since the request was carried out.`);
  }
}
