import { DomainError } from '@aegis/errors';

/** No delivery has this id, or it was removed with its event or its webhook. */
export class DeliveryNotFound extends DomainError {
  readonly code = 'delivery_not_found';

  constructor(id: string) {
    super(`There is no delivery ${id}.`);
  }
}

/** A webhook that is disabled gets nothing. */
export class WebhookDisabled extends DomainError {
  readonly code = 'webhook_disabled';

  constructor(id: string) {
    super(`The webhook ${id} is disabled.`);
  }
}
