import { connectionProblem, isDatabaseUnavailable } from '@aegis/database';
import { ConfigurationError } from '@aegis/errors';
import { redactText } from '@aegis/logging';

/**
 * What an error of a start means for the person who starts the server.
 * @returns a ConfigurationError where it is a matter of the database's settings, or the database cannot be reached; else
 * the error itself
 */
export function databaseProblem(error: unknown): unknown {
  const problem = connectionProblem(error, 'DATABASE_URL');
  if (problem !== undefined || !isDatabaseUnavailable(error)) return problem ?? error;
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = message === '' ? (code ?? 'unknown reason') : redactText(message);
  return new ConfigurationError(
    `DATABASE_URL or MIGRATION_DATABASE_URL: no connection (${reason}); check host, port and that the database runs.`,
    { cause: error },
  );
}
