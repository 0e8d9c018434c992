export { assertApplicationRoleIsApart } from './application-role';
export { batchSizes } from './statements/batch-sizes';
export type { CallerId, CallerInForce } from './callers';
export { judgeCallers, requireCallerInForce, SESSION_ENDED } from './callers';
export {
  KEEP_ALIVE,
  SESSION_OPTIONS,
  SURVIVE_LOSS,
  poolOptions,
  postgresOptions,
} from './connections/connection-options';
export { namingSetting, connectionProblem } from './connections/connection-problem';
export { momentsCheck } from './connections/moments';
export { DiskFullness } from './connections/disk-fullness';
export { PoolRenewal } from './connections/pool-renewal';
export { limitStatements } from './connections/statement-limits';
export { assertSessionSettings, warnOfSessionDefaults } from './connections/session-settings';
export { DatabaseModule } from './database.module';
export { Listener } from './listener';
export { MicroBatch } from './statements/micro-batch';
export type { MigrationState, Privileges } from './migrate';
export { grantPrivileges, MissingPrivileges, migrateDown, migrateUp, migrationStates } from './migrate';
export type { DatabaseAccess } from './open-database';
export { openDatabase } from './open-database';
export {
  SqlState,
  isConnectionRefused,
  isDatabaseUnavailable,
  isInputRefused,
  sqlState,
  violatesConstraint,
} from './postgres-errors';
export { OutcomeUnknown } from './outcome-unknown';
export {
  NOT_RECONCILED,
  OUTDATED,
  RestoreNotReconciled,
  assertNotOutdated,
  assertTakesWrites,
  isRefusedForRestore,
} from './restore-state';
export { differingSecrets, type SecretCheck, usedVersions } from './secret-checks';
export { PreparedStatement } from './statements/prepared-statement';
export {
  connectionsOf,
  disableLogin,
  markSuccessor,
  roleOfUrl,
  setOwnPassword,
  setPassword,
  alternateRole,
  unmarkSuccessor,
  urlFor,
  withConnection,
} from './role-password';
export type { RoleLogin } from './role-and-database';
export {
  createDatabase,
  createRole,
  databaseOfUrl,
  loginOfUrl,
  withAdministrator,
} from './role-and-database';
export { lockByIdSql, lockRow, lockRows } from './row-locks';
export { runSplitting } from './statements/run-splitting';
export { sentTogether } from './statements/sent-together';
export type { Removal } from './remove-in-batches';
export { REMOVAL_BATCH, removeInBatches } from './remove-in-batches';
export type { TransactionHooks } from './transaction';
export { hasTransactionHooks, sharedTransaction, transaction, withTransactionHooks } from './transaction';
