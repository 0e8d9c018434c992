import { UUID_RULE } from '@aegis/field-rules';
import { UsageProblem } from '../terminal/usage-problem';

/**
 * An id as typed, in lower case.
 * @param name of the argument
 * @throws UsageProblem
 */
export function idOf(name: string, typed: string): string {
  if (!UUID_RULE.pattern.test(typed)) throw new UsageProblem(`<${name}> ${UUID_RULE.rule}.`);
  return typed.toLowerCase();
}
