import { DomainError } from '@aegis/errors';
import { sqlState } from './postgres-errors';

/** What a trigger on the audit trail and its checkpoints refuses writes with. */
const REFUSED_STATE = 'AE002';

/**
 * SQL: whether the database was restored, and the later part of the trail is not replayed yet. Until then it may have
 * revoked licenses as valid.
 */
export const NOT_RECONCILED = `EXISTS (SELECT FROM restores WHERE reconciled_at IS NULL)`;

const IS_READ_ONLY = `current_setting('transaction_read_only')::boolean`;
/** What PostgreSQL refuses with 25006 there, and so never carries out. */
const REFUSED = `nextval('public.license_tokens_status_number_seq')`;

/**
 * SQL: NOT_RECONCILED, for what says of licenses or callers whether they are valid. A standby may be behind its primary: what
 * was revoked or deleted last may not have arrived. There, and where nothing may be written, the statement fails as a write
 * does (25006), so that no answer depends on whether it leaves a record. A sub-select, which is evaluated once per statement.
 */
export const OUTDATED = `(SELECT CASE WHEN ${IS_READ_ONLY} THEN ${REFUSED} IS NULL ELSE ${NOT_RECONCILED} END)`;

/**
 * Makes sure that a transaction is one of the primary, for statements that would be planned without parallel workers if
 * OUTDATED were in them.
 * @throws what a write throws where the database takes none
 */
export async function assertTakesWrites(tx: { query<T>(sql: string): Promise<T> }): Promise<void> {
  await tx.query(`SELECT CASE WHEN ${IS_READ_ONLY} THEN ${REFUSED} END`);
}

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

/**
 * To be called before what the database says is used outside of a change, which fails by itself.
 * @throws RestoreNotReconciled where the database is restored and not reconciled; what a write throws where it takes none
 */
export async function assertNotOutdated(database: { query<T>(sql: string): Promise<T> }): Promise<void> {
  const [state] = await database.query<{ not_reconciled: boolean }[]>(`SELECT ${OUTDATED} AS not_reconciled`);
  if (state?.not_reconciled !== false) throw new RestoreNotReconciled();
}
