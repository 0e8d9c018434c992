import { DomainError } from '@aegis/errors';

/** A record could not be written, so the change that it describes does not happen. */
export class AuditLogUnavailable extends DomainError {
  readonly code = 'service_unavailable';
  override readonly retryAfterSeconds = 5;

  /** @param cause logged, never shown */
  constructor(cause: unknown) {
    super('Nothing can be changed or answered at the moment. Retry later.', { cause });
  }
}
