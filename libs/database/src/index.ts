export { assertApplicationRoleIsApart } from './application-role';
export { CallerNarrowed, CallerRefused, judgeCallers, requireCallerInForce } from './callers';
export type { CallerId, CallerInForce } from './callers';
export { poolOptions, postgresOptions, SESSION_OPTIONS } from './connection-options';
export { blaming, connectionProblem } from './connection-problem';
export { DatabaseModule } from './database.module';
export { Listener } from './listener';
export type { Hearing } from './listener';
export { MicroBatch } from './micro-batch';
export { grantPrivileges, migrateDown, migrateUp, migrationStates } from './migrate';
export type { MigrationState, Privileges } from './migrate';
export { momentsCheck } from './moments';
export { openDatabase } from './open-database';
export type { DatabaseAccess } from './open-database';
export { PoolRenewal } from './pool-renewal';
export { isDatabaseUnavailable, isInputRefused, sqlState, SqlState, violates } from './postgres-errors';
export { runSplitting } from './run-splitting';
export { PreparedStatement } from './prepared-statement';
export {
  connectionsOf,
  roleOfUrl,
  setOwnPassword,
  setPassword,
  shutOut,
  twinOf,
  urlFor,
  withConnection,
} from './role-password';
export { hasTransactionHooks, sharedTransaction, transaction, withTransactionHooks } from './transaction';
export type { TransactionHooks, TransactionOptions } from './transaction';
export { hasEmbeddedPostgres, startEmbeddedPostgres, removeEmbeddedPostgres } from './embedded';
export type { EmbeddedPostgres, EmbeddedPostgresOptions } from './embedded';
export { assertSessionSettings, warnOfSessionDefaults } from './session-settings';
