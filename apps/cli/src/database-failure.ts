import { isDatabaseUnavailable, sqlState } from '@aegis/database';
import { redactText } from '@aegis/logging';
import { ExitCode } from './exit-code';
import type { Failure } from './failure';

/** SQLSTATE: invalid authorization, unknown database, insufficient privilege. */
const ACCESS_REFUSED = /^(28...|3D000|42501)$/;
const UNDEFINED_TABLE = '42P01';

/** Says what an error of the database means; any other is one of ours. */
export function describeDatabaseFailure(error: unknown): Failure {
  const message = redactText(error instanceof Error ? error.message : String(error));
  if (isDatabaseUnavailable(error))
    return {
      exitCode: ExitCode.unknown,
      code: 'database_unavailable',
      message: `The database is out of reach or overloaded${message === '' ? '' : ` (${message})`}. Try again later.`,
    };
  const state = sqlState(error) ?? '';
  if (ACCESS_REFUSED.test(state))
    return {
      exitCode: ExitCode.usage,
      code: 'configuration',
      message: `The database refuses DATABASE_URL or MIGRATION_DATABASE_URL: ${message}.`,
    };
  if (state === UNDEFINED_TABLE)
    return {
      exitCode: ExitCode.usage,
      code: 'configuration',
      message: 'The database lacks migrations: run `aegis migrate up` first.',
    };
  return {
    exitCode: ExitCode.unknown,
    code: 'internal_error',
    message: `Unexpected error: ${message}. LOG_LEVEL=debug shows where.`,
  };
}
