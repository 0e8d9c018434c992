import type { Environment } from '@aegis/config';
import { type DatabaseAccess, openDatabase } from '@aegis/database';
import type { Logger } from '@aegis/logging';
import { releaseOnInterrupt } from './interruption';

/**
 * Runs a command with the database that the server has: where DATABASE_URL is unset, the embedded one, adopted when
 * it runs, else started and stopped afterwards.
 * @throws ConfigurationError when the embedded one can't run here
 */
export async function withDatabase<T>(
  environment: Environment,
  logger: Logger,
  work: (database: DatabaseAccess) => Promise<T>,
): Promise<T> {
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
