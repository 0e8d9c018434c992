import { DomainError } from '@aegis/errors';

/** A person has to do something first. */
const RETRY_AFTER_SECONDS = 300;

/** No endpoint has this id, or it was deleted. */
export class WebhookNotFound extends DomainError {
  readonly code = 'webhook_not_found';

  constructor(id: string) {
    super(`There is no webhook ${id}.`);
  }
}

/** There are as many endpoints as there may be: each one costs every event. */
export class WebhookLimitReached extends DomainError {
  readonly code = 'webhook_limit_reached';

  constructor(most: number) {
    super(`There are ${most} webhooks already, and there can be no more.`);
  }
}

/** The keys of webhooks cannot be made or opened: SECRETS_KEY is not set, or lacks a version. */
export class SecretsKeyMissing extends DomainError {
  readonly code = 'secrets_key_missing';
  override readonly retryAfterSeconds = RETRY_AFTER_SECONDS;

  /** @param version that it lacks; it is not set at all unless given */
  constructor(version?: string) {
    super(
      version === undefined
        ? 'This server has no SECRETS_KEY, which the keys of webhooks are encrypted with.'
        : `The keys of this webhook are encrypted with version ${version} of SECRETS_KEY, which this server does not have.`,
    );
  }
}

/** What is stored of an endpoint's keys is not what this server encrypted for it. */
export class KeysUnreadable extends DomainError {
  readonly code = 'webhook_keys_unreadable';
  override readonly retryAfterSeconds = RETRY_AFTER_SECONDS;

  constructor(endpointId: string, cause: unknown) {
    super(`The keys of the webhook ${endpointId} cannot be decrypted: rotate its secret.`, { cause });
  }
}
