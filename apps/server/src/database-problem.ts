import { sqlState } from '@aegis/database';
import { ConfigurationError } from '@aegis/errors';
import { redactText } from '@aegis/logging';
import { QueryFailedError } from 'typeorm';

/** SQLSTATE: insufficient privilege. */
const NOT_ALLOWED = '42501';

/**
 * What an error of the first steps on the database means for whoever starts the server.
 * @returns a ConfigurationError where it is a matter of the settings, else the error itself
 */
export function databaseProblem(error: unknown): unknown {
  if (error instanceof ConfigurationError || !(error instanceof Error)) return error;
  const { code } = error as NodeJS.ErrnoException;
  const reason = error.message === '' ? (code ?? 'unknown reason') : redactText(error.message);
  // Whatever failed before a statement was run, failed at connecting.
  if (!(error instanceof QueryFailedError))
    return new ConfigurationError(
      `DATABASE_URL or MIGRATION_DATABASE_URL: no connection (${reason}); check host, port, TLS, role, password and that the database runs.`,
      { cause: error },
    );
  if (sqlState(error) === NOT_ALLOWED)
    return new ConfigurationError(
      `MIGRATION_DATABASE_URL: its role is not allowed to (${reason}); name the role that owns the schema, or run \`aegis migrate up\` with it.`,
      { cause: error },
    );
  return error;
}
