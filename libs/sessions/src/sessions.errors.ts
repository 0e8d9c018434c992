import { DomainError } from '@aegis/errors';

/** There is no such session, or none that the caller may see. */
export class SessionNotFound extends DomainError {
  readonly code = 'session_not_found';

  /** @param id undefined for the session of a request without one */
  constructor(id?: string) {
    super(
      id === undefined
        ? 'The request was sent with an API key, which has no session.'
        : `There is no session ${id}.`,
    );
  }
}

/** A replaced secret, which is still valid during its grace, tried to open a session. */
export class FormerSecret extends DomainError {
  readonly code = 'insufficient_scope';

  constructor() {
    super('The secret of the API key was replaced: only its new secret opens a session.');
  }
}
