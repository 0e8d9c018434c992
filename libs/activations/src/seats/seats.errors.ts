import { DomainError, type FieldError } from '@aegis/errors';

/** Seats whose fields do not fit together, or are out of their bounds. */
export class InvalidSeats extends DomainError {
  readonly code = 'validation_failed';
  override readonly errors: readonly FieldError[];

  constructor(errors: readonly FieldError[]) {
    super('The request breaks one or more rules; see `errors`.');
    this.errors = errors;
  }
}

/** Seats of the license are not counted. */
export class SeatsNotCounted extends DomainError {
  readonly code = 'seats_not_counted';

  constructor(licenseId: string) {
    super(`The license ${licenseId} does not count seats: reissue it with \`seats\`.`);
  }
}
