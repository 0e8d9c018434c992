import { DomainError, type FieldError } from '@aegis/errors';

export class LicenseNotFound extends DomainError {
  readonly code = 'license_not_found';

  constructor(id: string) {
    super(`There is no license ${id}.`);
  }
}

export class TokenNotOnRecord extends DomainError {
  readonly code = 'license_not_found';

  constructor() {
    super(
      'This is a license token, but it is not on record here: another server issued it, or a key was used without this server.',
    );
  }
}

/** A text that was to be inspected can't be read as a token, also without what copying adds. */
export class NotAToken extends DomainError {
  readonly code = 'validation_failed';
  override readonly errors: readonly FieldError[];

  /** @param reason as the parser says it; holds nothing of the text */
  constructor(reason: string) {
    super('The request breaks one or more rules; see `errors`.');
    this.errors = [{ field: 'token', message: `must be a license token: ${reason}` }];
  }
}

/** What to do about a license that was revoked, also by mistake. */
export const NEW_LICENSE = 'A revocation is final: issue a new license.';

/** The license is in a state from which the change is not possible; the message says which and why. */
export class LicenseStateConflict extends DomainError {
  readonly code = 'license_state_conflict';
}

/** The asked term does not fit the license's type or present term. */
export class InvalidTerm extends DomainError {
  readonly code = 'validation_failed';
  override readonly errors: readonly FieldError[];

  constructor(field: 'duration_days' | 'expires_at', rule: string) {
    super('The request breaks one or more rules; see `errors`.');
    this.errors = [{ field, message: rule }];
  }
}

export class TokenTooLarge extends DomainError {
  readonly code = 'token_too_large';

  constructor() {
    super('The signed token would exceed 8 KiB: shorten the list of versions or the names.');
  }
}

/** The claims break a rule of the token's format: a fault of ours, so nothing is signed. */
export class UnsoundClaims extends Error {
  override readonly name = 'UnsoundClaims';
}

export class CustomerHasLicenses extends DomainError {
  readonly code = 'customer_has_licenses';

  constructor(id: string, count: number) {
    super(`The customer ${id} has ${count} license(s) that are not revoked.`);
  }
}
