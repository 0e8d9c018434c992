import type { Environment } from '@aegis/config';
import { type DatabaseAccess, migrateUp, migrationStates } from '@aegis/database';
import { ConfigurationError } from '@aegis/errors';
import type { Logger } from '@aegis/logging';
import { migrationDataSource } from './data-source';
import { applicationPrivileges } from './privileges';

/**
 * Applies pending migrations where MIGRATE_ON_START says so, else makes sure that there are none.
 * @throws ConfigurationError when some are pending and must not be applied here
 */
export async function settleMigrations(
  environment: Environment,
  database: DatabaseAccess,
  logger: Logger,
): Promise<void> {
  const owner = await migrationDataSource(database.ownerUrl).initialize();
  try {
    if (environment.MIGRATE_ON_START) {
      const role = decodeURIComponent(new URL(database.applicationUrl).username);
      const applied = await migrateUp(owner, role, applicationPrivileges);
      if (applied.length > 0) logger.write('info', 'migrations applied', { migrations: applied });
      return;
    }
    const pending = (await migrationStates(owner)).filter(({ applied }) => !applied);
    if (pending.length > 0)
      throw new ConfigurationError(
        `The database lacks ${pending.length} migration(s): run \`aegis migrate up\` first.`,
      );
  } finally {
    await owner.destroy();
  }
}
