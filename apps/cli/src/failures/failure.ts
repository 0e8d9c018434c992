import type { ExitCode } from '../terminal/exit-code';

/** Why a command gave no answer. */
export interface Failure {
  exitCode: ExitCode;
  /** Stable, for scripts. */
  code: string;
  message: string;
}
