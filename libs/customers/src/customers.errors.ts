import { DomainError } from '@aegis/errors';

export class CustomerNotFound extends DomainError {
  readonly code = 'customer_not_found';

  constructor(id: string) {
    super(`There is no customer ${id}.`);
  }
}

export class CustomerExists extends DomainError {
  readonly code = 'customer_exists';

  constructor(id: string) {
    super(`The customer id ${id} is in use or was used before: ids are never reused.`);
  }
}

export class CustomerInactive extends DomainError {
  readonly code = 'customer_inactive';

  constructor(id: string) {
    super(`The customer ${id} is inactive.`);
  }
}
