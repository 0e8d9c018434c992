import { DomainError } from '@aegis/errors';

/** The database did not confirm a commit: what was to be committed is there as a whole, or not at all. */
export class OutcomeUnknown extends DomainError {
  readonly code = 'outcome_unknown';
  override readonly retryAfterSeconds = 1;

  constructor(cause: unknown) {
    super(
      'The database did not confirm the change in time. Repeat the request with the same Idempotency-Key to learn what became of it.',
      { cause },
    );
  }
}
