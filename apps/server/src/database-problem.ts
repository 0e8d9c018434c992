import { connectionProblem, isDatabaseUnavailable } from '@aegis/database';
import { ConfigurationError } from '@aegis/errors';
import { redactText } from '@aegis/logging';

/**
 * What an error of a start means for the person who starts the server.
 * @param setting that names the database which was connected to last
 * @returns a ConfigurationError if the database's settings are wrong or the database cannot be reached; otherwise the
 *   error itself
 */
export function databaseProblem(error: unknown, setting: string): unknown {
  const problem = connectionProblem(error, setting);
  if (problem !== undefined || !isDatabaseUnavailable(error)) return problem ?? error;
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = message === '' ? (code ?? 'unknown reason') : redactText(message);
  return new ConfigurationError(
    `${setting}: no connection to the database (${reason}); check its host and port, and that the database runs.`,
    { cause: error },
  );
}
