import type { Environment } from '@aegis/config';
import { type DatabaseAccess, openDatabase } from '@aegis/database';
import { hasEmbeddedPostgres } from '@aegis/embedded-postgres';
import { ConfigurationError } from '@aegis/errors';
import type { Logger } from '@aegis/logging';
import type { CommandAccess } from './command-access';
import { releaseOnInterrupt } from '../terminal/interruption';

/**
 * Runs a command with the database that the server has: where DATABASE_URL is unset, the embedded one, adopted when
 * it runs, else started and stopped afterwards. Only a command that `makes` creates it.
 * @throws ConfigurationError when there is none, or the embedded one can't run here
 */
export async function withDatabase<T>(
  environment: Environment,
  logger: Logger,
  access: CommandAccess,
  work: (database: DatabaseAccess) => Promise<T>,
): Promise<T> {
  const mustExist = access !== 'makes' && environment.DATABASE_URL === undefined;
  if (mustExist && !hasEmbeddedPostgres(environment.DATA_DIR))
    throw new ConfigurationError(
      'no database found here: set DATABASE_URL, or run in the folder of a started server (DATA_DIR names the folder of its embedded database).',
    );
  const opening = openDatabase(environment, (message) => {
    logger.write('info', message);
  });
  const released = releaseOnInterrupt(async () => (await opening).release());
  try {
    const database = await opening;
    try {
      return await work(database);
    } finally {
      await database.release();
    }
  } finally {
    released();
  }
}
