import type { Environment } from '@aegis/config';

/** The database as the settings name it, or the embedded one in their absence. */
export interface DatabaseAccess {
  /** Under the application's role; the server's pool. Holds a password: never logged. */
  applicationUrl: string;
  /** Under the role that owns the schema; for migrations. */
  ownerUrl: string;
  /** Signs off; stops the embedded database when nobody else uses it. */
  release(): Promise<void>;
}

/**
 * Finds the database, starting the embedded one where DATABASE_URL is unset (development and tests only).
 * @param log called with a sentence about what takes a while
 * @throws ConfigurationError when the embedded one can't run here
 */
export async function openDatabase(
  environment: Environment,
  log?: (message: string) => void,
): Promise<DatabaseAccess> {
  const { DATABASE_URL: url, MIGRATION_DATABASE_URL: ownerUrl } = environment;
  if (url !== undefined)
    return { applicationUrl: url, ownerUrl: ownerUrl ?? url, release: () => Promise.resolve() };
  const { startEmbeddedPostgres } = await import('./embedded.js');
  return startEmbeddedPostgres({ dataDir: environment.DATA_DIR, pgBin: environment.PG_BIN, log });
}
