import type { Environment } from '@aegis/config';
import { namingSetting, type DatabaseAccess, migrateUp, migrationStates } from '@aegis/database';
import { ConfigurationError } from '@aegis/errors';
import type { Logger } from '@aegis/logging';
import type { DataSource } from 'typeorm';
import { migrationDataSource } from './data-source';
import { applicationPrivileges } from './privileges';

/**
 * Applies pending migrations where MIGRATE_ON_START says so, else makes sure that there are none.
 * @throws ConfigurationError when some are pending and must not be applied here, or a setting of the database is to blame
 */
export async function settleMigrations(
  environment: Environment,
  database: DatabaseAccess,
  logger: Logger,
): Promise<void> {
  if (environment.MIGRATE_ON_START) await namingSetting(ownerSetting(environment), migrate(database, logger));
  else await assertMigrated(database);
}

/**
 * Makes sure that no migration is pending; changes nothing.
 * @throws ConfigurationError when some are, or the application's role can't see
 */
export async function assertMigrated({ applicationUrl }: DatabaseAccess): Promise<void> {
  await namingSetting('DATABASE_URL', assertNonePending(migrationDataSource(applicationUrl)));
}

/** The setting that names the role which owns the schema. */
export function ownerSetting({ MIGRATION_DATABASE_URL: url }: Environment): keyof Environment {
  return url === undefined ? 'DATABASE_URL' : 'MIGRATION_DATABASE_URL';
}

async function migrate({ ownerUrl, applicationUrl }: DatabaseAccess, logger: Logger): Promise<void> {
  const owner = await migrationDataSource(ownerUrl).initialize();
  try {
    const role = decodeURIComponent(new URL(applicationUrl).username);
    const applied = await migrateUp(owner, role, applicationPrivileges);
    if (applied.length > 0)
      logger.write('info', 'migrations applied', { count: applied.length, newest: applied.at(-1) });
  } finally {
    await owner.destroy();
  }
}

async function assertNonePending(dataSource: DataSource): Promise<void> {
  await dataSource.initialize();
  try {
    const pending = (await migrationStates(dataSource)).filter(({ applied }) => !applied).length;
    if (pending > 0)
      throw new ConfigurationError(
        pending === 1
          ? '1 migration is pending: run `aegis migrate up`.'
          : `${pending} migrations are pending: run \`aegis migrate up\`.`,
      );
  } finally {
    await dataSource.destroy();
  }
}
