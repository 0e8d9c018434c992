import { parseTimestamp, timestampProblem } from '@aegis/field-rules';
import { UsageProblem } from './usage-problem';

/**
 * Reads the time that an option gives.
 * @param option its name, e.g. `--since`
 * @throws UsageProblem naming the option and the rule
 */
export function timeOption(option: string, text: string): Date {
  const time = parseTimestamp(text);
  if (time === null) throw new UsageProblem(`${option} ${timestampProblem(text) ?? 'must be a time'}.`);
  return time;
}
