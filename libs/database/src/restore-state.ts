import { DomainError } from '@aegis/errors';
import { sqlState } from './postgres-errors';

/** What a trigger on the audit trail and its checkpoints refuses writes with. */
const REFUSED_STATE = 'AE002';

/**
 * SQL: whether the database was restored, and what the trail says of the time after is not replayed yet. Until then it has
 * licenses as valid that were revoked since.
 */
export const NOT_RECONCILED = `EXISTS (SELECT FROM restores WHERE reconciled_at IS NULL)`;

/** The database was restored and is not reconciled: its state of a license may be outdated. */
export class RestoreNotReconciled extends DomainError {
  readonly code = 'restore_not_reconciled';
  override readonly retryAfterSeconds = 60;

  constructor(options?: { cause: unknown }) {
    super(
      'The database was restored, and later revocations are not known yet: an administrator has to run `aegis restore reconcile`.',
      options,
    );
  }
}

/** Whether the database refused to write an audit record or a checkpoint because it is restored and not reconciled. */
export function isRefusedForRestore(error: unknown): boolean {
  return sqlState(error) === REFUSED_STATE;
}

/** @throws RestoreNotReconciled where the database is restored and not reconciled */
export async function assertReconciled(database: { query<T>(sql: string): Promise<T> }): Promise<void> {
  const [state] = await database.query<{ not_reconciled: boolean }[]>(
    `SELECT ${NOT_RECONCILED} AS not_reconciled`,
  );
  if (state?.not_reconciled !== false) throw new RestoreNotReconciled();
}
