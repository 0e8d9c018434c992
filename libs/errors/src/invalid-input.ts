import { DomainError, type FieldError } from './domain-error';
import { FieldErrors } from './field-errors';

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
