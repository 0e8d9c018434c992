import { DomainError, type FieldError } from '@aegis/errors';

export class LicenseNotFound extends DomainError {
  readonly code = 'license_not_found';

  constructor(id: string) {
    super(`There is no license ${id}.`);
  }
}

/** What is known of a token that can be read and is not on record. */
export type UnrecordedReason =
  | { signature: 'unknown_key' }
  /** The license that its text names, where that is on record. */
  | { signature: 'signature_invalid'; licenseId: string | null }
  | { signature: 'holds'; keyCompromised: boolean };

export class TokenNotOnRecord extends DomainError {
  readonly code = 'license_not_found';

  constructor(reason: UnrecordedReason) {
    super(`This is a license token, but it is not on record here. ${whyUnrecorded(reason)}`);
  }
}

function whyUnrecorded(reason: UnrecordedReason): string {
  switch (reason.signature) {
    case 'unknown_key':
      return 'It names a signing key that this server never had: another server issued it.';
    case 'signature_invalid':
      return `Its signature is not valid: the text was damaged or edited after it was signed. ${
        reason.licenseId === null
          ? 'The license that it names is not on record either.'
          : `It names the license ${reason.licenseId}: ask for the file as it was sent, or send it again.`
      }`;
    case 'holds':
      return `Its signature is valid, so the key was used without this server, or records were lost: report this to the operator.${
        reason.keyCompromised ? ' The key has been declared compromised.' : ''
      }`;
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

  constructor(field: 'duration_days' | 'expires_at' | 'grace_days', rule: string) {
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
