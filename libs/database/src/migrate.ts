import { ConfigurationError } from '@aegis/errors';
import { setTimeout as pause } from 'node:timers/promises';
import type { DataSource, QueryRunner } from 'typeorm';
import { sqlState, SqlState } from './postgres-errors';

/** Any constant does, as long as nothing else in the database uses it as an advisory lock. */
const MIGRATION_LOCK = '4702394921427289928';
const LOCK_POLL_MS = 100;
const LOCK_PATIENCE_MS = 120_000;
const UNDO_ATTEMPTS = 50;
const UNDO_PAUSE_MS = 300;

/** What a role may do with a table or sequence: `{ customers: 'SELECT, INSERT, UPDATE' }`. */
export interface Privileges {
  tables: Readonly<Record<string, string>>;
  sequences: readonly string[];
  functions: readonly string[];
}

/** The role of DATABASE_URL may not see the migrations, as before the first `aegis migrate up` is complete. */
export class MissingPrivileges extends ConfigurationError {}

/** One migration as `aegis migrate status` shows it. */
export interface MigrationState {
  name: string;
  applied: boolean;
}

/**
 * Runs `work` while no other process migrates. Polls: a blocking lock holds a snapshot that CREATE INDEX
 * CONCURRENTLY of the other waits for, and both would wait forever.
 */
async function withMigrationLock<T>(dataSource: DataSource, work: () => Promise<T>): Promise<T> {
  const holder = dataSource.createQueryRunner();
  const deadline = performance.now() + LOCK_PATIENCE_MS;
  try {
    while (!(await tryLock(holder))) {
      if (performance.now() > deadline)
        throw new ConfigurationError(
          'Migrations: another process has held the migration lock for two minutes; see `aegis migrate status`',
        );
      await pause(LOCK_POLL_MS);
    }
    try {
      return await work();
    } finally {
      await holder.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
    }
  } finally {
    await holder.release();
  }
}

async function tryLock(holder: QueryRunner): Promise<boolean> {
  const rows: unknown = await holder.query('SELECT pg_try_advisory_lock($1) AS locked', [MIGRATION_LOCK]);
  return (rows as { locked: boolean }[])[0]?.locked === true;
}

/** Names of roles, tables and privileges can't be parameters; they are quoted or constants of ours. */
function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

async function grant(dataSource: DataSource, role: string, privileges: Privileges): Promise<void> {
  const to = identifier(role);
  await dataSource.transaction(async (tx) => {
    for (const [table, allowed] of Object.entries(privileges.tables)) {
      await tx.query(`REVOKE ALL ON TABLE ${identifier(table)} FROM ${to}`);
      await tx.query(`GRANT ${allowed} ON TABLE ${identifier(table)} TO ${to}`);
    }
    for (const sequence of privileges.sequences)
      await tx.query(`GRANT USAGE ON SEQUENCE ${identifier(sequence)} TO ${to}`);
    for (const signature of privileges.functions)
      await tx.query(`GRANT EXECUTE ON FUNCTION ${signature} TO ${to}`);
  });
}

/**
 * Applies pending migrations, each in a separate transaction, then grants the application's role its privileges.
 * Processes that start at once wait for one another.
 * @param dataSource connected as the owner of the schema
 * @param applicationRole role of DATABASE_URL; nothing is granted when it is the owner itself
 * @returns names of the migrations that were applied
 */
export async function migrateUp(
  dataSource: DataSource,
  applicationRole: string,
  privileges: Privileges,
): Promise<string[]> {
  return withMigrationLock(dataSource, async () => {
    const applied = await dataSource.runMigrations({ transaction: 'each' });
    const [owner] = await dataSource.query<{ name: string }[]>('SELECT current_user AS name');
    if (owner?.name !== applicationRole) await grant(dataSource, applicationRole, privileges);
    return applied.map(({ name }) => name);
  });
}

/**
 * Grants a role what the application's role may do, as `migrateUp` does.
 * @param dataSource connected as the owner of the schema
 */
export function grantPrivileges(dataSource: DataSource, role: string, privileges: Privileges): Promise<void> {
  return withMigrationLock(dataSource, () => grant(dataSource, role, privileges));
}

/**
 * Undoes the newest applied migration. For tests and development: in production the way is forward.
 * @returns its name, or undefined when none is left
 */
export async function migrateDown(dataSource: DataSource): Promise<string | undefined> {
  return withMigrationLock(dataSource, async () => {
    const newest = (await migrationStates(dataSource)).findLast(({ applied }) => applied);
    if (newest) await undoLast(dataSource);
    return newest?.name;
  });
}

/** A migration gives up soon when others hold a lock that it needs: then nothing of it was undone. */
async function undoLast(dataSource: DataSource): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await dataSource.undoLastMigration({ transaction: 'each' });
      return;
    } catch (error) {
      if (attempt === UNDO_ATTEMPTS || sqlState(error) !== SqlState.lockNotAvailable) throw error;
      await pause(UNDO_PAUSE_MS);
    }
  }
}

/** Every migration this version knows, oldest first, and whether the database has it. */
export async function migrationStates(dataSource: DataSource): Promise<MigrationState[]> {
  const [table] = await dataSource.query<{ name: string | null; hidden: boolean }[]>(
    `SELECT to_regclass('schema_migrations') AS name,
            EXISTS (SELECT FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
                    WHERE relname = 'schema_migrations' AND relkind = 'r'
                      AND NOT has_schema_privilege(pg_namespace.oid, 'USAGE')) AS hidden`,
  );
  // Without the schema its tables look as if they were not there.
  if (table?.name === null && table.hidden)
    throw new MissingPrivileges(
      "DATABASE_URL: its role lacks privileges (it may not use the tables' schema); run `aegis migrate up` with MIGRATION_DATABASE_URL: it grants this role what it needs.",
    );
  const rows = table?.name
    ? await dataSource.query<{ name: string }[]>('SELECT name FROM schema_migrations')
    : [];
  const applied = new Set(rows.map(({ name }) => name));
  return dataSource.migrations.map((migration) => {
    const name = migration.name ?? migration.constructor.name;
    return { name, applied: applied.has(name) };
  });
}
