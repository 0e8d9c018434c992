import { connectionProblem, isDatabaseUnavailable } from '@aegis/database';
import { redactText } from '@aegis/logging';
import { ExitCode } from '../terminal/exit-code';
import type { Failure } from '../failures/failure';

/** Says what an error of the database means; any other is one of ours. */
export function describeDatabaseFailure(error: unknown): Failure {
  const message = redactText(error instanceof Error ? error.message : String(error));
  if (isDatabaseUnavailable(error))
    return {
      exitCode: ExitCode.unknown,
      code: 'database_unavailable',
      message: `The database cannot be reached or is overloaded${message === '' ? '' : ` (${message})`}. Try again later.`,
    };
  const problem = connectionProblem(error, 'DATABASE_URL');
  if (problem !== undefined)
    return { exitCode: ExitCode.usage, code: 'configuration', message: problem.message };
  return {
    exitCode: ExitCode.unknown,
    code: 'internal_error',
    message: `Unexpected error: ${message}. LOG_LEVEL=debug shows where.`,
  };
}
