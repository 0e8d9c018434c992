import { SESSION_ENDED } from '@aegis/database';
import { DomainError } from '@aegis/errors';
import type { Scope } from '@aegis/access';

/** No key has this id, or it was deleted. */
export class ApiKeyNotFound extends DomainError {
  readonly code = 'api_key_not_found';

  constructor(id: string) {
    super(`There is no API key ${id}.`);
  }
}

/** A caller tried to grant scopes that its own key does not have, or to take over a key with such scopes. */
export class ScopeEscalation extends DomainError {
  readonly code = 'insufficient_scope';

  /** @param lacking what the caller's key would need to have */
  constructor(lacking: readonly Scope[]) {
    super(`The API key lacks the scope ${lacking.join(', ')}, which it would need to have itself.`);
  }
}

/** A caller without `admin` would let a key do more, or for longer, than its own may. */
export class LimitEscalation extends DomainError {
  readonly code = 'insufficient_scope';

  /** @param beyond what the key would have beyond the caller's, e.g. `a later end` */
  constructor(beyond: readonly string[]) {
    super(
      `The API key would get ${beyond.join(' and ')} than the calling key has, which needs the scope admin.`,
    );
  }
}

/** A replaced secret, which is still valid during its grace, tried to change keys. */
export class SecretReplaced extends DomainError {
  readonly code = 'insufficient_scope';

  constructor() {
    super(
      'The secret of the API key was replaced: only its new secret may create, change, rotate or delete keys.',
    );
  }
}

/** Without this key nobody could manage keys, except on the command line. */
export class LastAdminKey extends DomainError {
  readonly code = 'last_admin_key';

  constructor() {
    super(
      'This is the last active key with `admin` that does not expire. Make another first, or use the command line.',
    );
  }
}

/** A key was to expire before it could be used. */
export class ExpiryInThePast extends DomainError {
  readonly code = 'validation_failed';
  override readonly errors = [{ field: 'expires_at', message: 'must be in the future' }];

  constructor() {
    super('One or more fields are invalid.');
  }
}

const UNAUTHORIZED = {
  missing: 'This route needs an API key, as `X-API-Key` or `Authorization: Bearer`.',
  refused: 'The API key was refused.',
  unreadable:
    'The value sent is not an API key: it is incomplete, mistyped, or contains quotes, spaces or other text. Copy it again.',
  other_environment: 'This API key belongs to another environment than this server.',
  by_session: 'This route needs an API key itself: a session does not open another one.',
} as const;

/** No credential, or an invalid one; for a readable one the reason is not given. */
export class Unauthorized extends DomainError {
  readonly code = 'unauthorized';

  /** @param reason nothing that the text of the credential does not say by itself */
  constructor(reason: keyof typeof UNAUTHORIZED) {
    super(UNAUTHORIZED[reason]);
  }
}

/** A session that is not valid: it was ended, has expired, or never was one. The reason is not given. */
export class SessionRefused extends DomainError {
  readonly code = 'session_ended';

  constructor() {
    super(SESSION_ENDED);
  }
}

/** A request by session that changes something, and was not sent by a page of our own. */
export class OriginRefused extends DomainError {
  readonly code = 'origin_refused';

  /** @param expected origin of PUBLIC_URL */
  constructor(expected: string) {
    super(`The header Origin must be ${expected}.`);
  }
}

/** A valid key without a scope that the route needs. */
export class InsufficientScope extends DomainError {
  readonly code = 'insufficient_scope';

  constructor(lacking: readonly Scope[]) {
    super(`The API key lacks the scope ${lacking.join(', ')}.`);
  }
}

/** Two credentials in one request: which of them speaks is not guessed. */
export class ConflictingCredentials extends DomainError {
  readonly code = 'invalid_request';

  constructor() {
    super('Send the API key as `X-API-Key` or as `Authorization: Bearer`, not both.');
  }
}

/** Whether the credential is valid can't be determined now. */
export class AuthenticationUnavailable extends DomainError {
  readonly code = 'service_unavailable';
  override readonly retryAfterSeconds = 1;

  /** @param cause logged, never shown */
  constructor(cause: unknown) {
    super('API keys cannot be checked at the moment.', { cause });
  }
}
