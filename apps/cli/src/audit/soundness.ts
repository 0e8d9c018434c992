import { ExitCode } from '../terminal/exit-code';

/**
 * Whether the result is sound; null when that can't be determined. One certain finding outweighs everything that
 * can't be determined: naming a key that nobody has must not hide it.
 * @param undetermined how many of the findings leave it open
 * @param nothingCompared whether there was nothing to verify or to compare with: then a result without findings
 * proves nothing
 */
export function soundness({
  findings,
  undetermined,
  nothingCompared = false,
}: {
  findings: number;
  undetermined: number;
  nothingCompared?: boolean;
}): boolean | null {
  if (findings === 0) return nothingCompared ? null : true;
  return findings === undetermined ? null : false;
}

export function exitCodeOf(sound: boolean | null): ExitCode {
  if (sound === null) return ExitCode.unknown;
  return sound ? ExitCode.yes : ExitCode.no;
}
