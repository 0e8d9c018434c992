import { DomainError } from '@aegis/errors';

export class StatusListNotFound extends DomainError {
  readonly code = 'status_list_not_found';

  constructor(list: number) {
    super(`There is no status list ${list}.`);
  }
}

/** There is no signed list that is still valid, and none can be made right now. */
export class StatusListUnavailable extends DomainError {
  readonly code = 'service_unavailable';
  override readonly retryAfterSeconds = 5;

  constructor(list: number) {
    super(`The status list ${list} is temporarily unavailable.`);
  }
}

/** The signer in use takes no input as long as a status list is by now. */
export class StatusListTooLarge extends DomainError {
  readonly code = 'service_unavailable';
  override readonly retryAfterSeconds = 60;

  constructor(
    readonly list: number,
    options: { cause: unknown },
  ) {
    super(`The status list ${list} is longer than what the signer in use signs.`, options);
  }
}
