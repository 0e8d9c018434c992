import { DomainError } from '@aegis/errors';

/** The database can't be reconciled with what was shipped; nothing was written. */
export class NotReconcilable extends DomainError {
  readonly code = 'restore_not_reconcilable';

  /** @param reason a clause that continues "The database can't be reconciled: " */
  constructor(reason: string) {
    super(`The database can't be reconciled: ${reason}.`);
  }
}

/** A record does not say what is needed to replay it. */
export class RecordNotReplayable extends Error {}
