import { DomainError } from '@aegis/errors';

/** Nothing can be signed at the moment; validation serves on. */
export class SignerUnavailable extends DomainError {
  readonly code = 'service_unavailable';

  /**
   * @param message shown to callers: names no address and no secret
   * @param retryAfterSeconds when another attempt makes sense
   */
  constructor(
    message = 'Licenses cannot be signed at the moment.',
    override readonly retryAfterSeconds = 5,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** The change of a signing key is not possible in its state; the message says what is. */
export class SigningKeyConflict extends DomainError {
  readonly code = 'conflict';
}

/** No signing key with this id is on record. */
export class SigningKeyNotFound extends DomainError {
  readonly code = 'signing_key_not_found';

  /** @param kid as the caller gave it, after its rule was checked */
  constructor(kid: string) {
    super(`There is no signing key ${kid} on record.`);
  }
}
