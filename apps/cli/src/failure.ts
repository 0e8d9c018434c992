import type { ExitCode } from './exit-code';

/** Why a command gave no answer. */
export interface Failure {
  exitCode: ExitCode;
  /** Stable, for scripts. */
  code: string;
  message: string;
}
