import { DomainError } from '@aegis/errors';

export class AuditRecordNotFound extends DomainError {
  readonly code = 'audit_record_not_found';

  constructor(id: string) {
    super(`There is no audit record ${id}.`);
  }
}

export class AuditRecordNotSealed extends DomainError {
  readonly code = 'audit_record_not_sealed';

  constructor(id: string) {
    super(`No checkpoint seals the audit record ${id} yet.`);
  }
}

export class AuditRecordTooLarge extends DomainError {
  readonly code = 'audit_record_too_large';

  constructor(id: string) {
    super(`The audit record ${id} is larger than one record may be.`);
  }
}

export class TrailNotDroppable extends DomainError {
  readonly code = 'audit_trail_not_droppable';

  /** @param why in a clause */
  constructor(why: string) {
    super(`Nothing was dropped: ${why}.`);
  }
}

export class TrailNotResumable extends DomainError {
  readonly code = 'audit_trail_not_resumable';

  /** @param why in a clause */
  constructor(why: string) {
    super(`Nothing was changed: ${why}.`);
  }
}
