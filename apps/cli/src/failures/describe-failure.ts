import { ConfigurationError, DomainError } from '@aegis/errors';
import { ExitCode } from '../terminal/exit-code';
import type { Failure } from './failure';
import { NotConfirmed } from '../terminal/confirmation';
import { UsageProblem } from '../terminal/usage-problem';
import { UnfinishedVerification } from './unfinished-verification';

/** Says what an error means to the person who typed the command; contains no stack and no secret. */
export async function describeFailure(error: unknown): Promise<Failure> {
  if (error instanceof UnfinishedVerification) {
    const { code, message } = await describeFailure(error.cause);
    return {
      exitCode: ExitCode.no,
      code,
      message: `${message}\nThe verification was not completed. What was found before is not valid.`,
    };
  }
  if (error instanceof NotConfirmed)
    return { exitCode: ExitCode.no, code: 'not_confirmed', message: error.message };
  if (error instanceof UsageProblem)
    return { exitCode: ExitCode.usage, code: 'usage', message: error.message };
  if (error instanceof ConfigurationError)
    return { exitCode: ExitCode.usage, code: 'configuration', message: error.message };
  if (error instanceof DomainError) {
    const rules = (error.errors ?? []).map(({ field, message }) => `\n  ${field}: ${message}`);
    return { exitCode: ExitCode.no, code: error.code, message: error.message + rules.join('') };
  }
  // Loaded only now: most commands end without needing it.
  const { describeDatabaseFailure } = await import('../database/database-failure.js');
  return describeDatabaseFailure(error);
}
