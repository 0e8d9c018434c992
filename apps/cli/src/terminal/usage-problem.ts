/** The command can't be run as it was typed: the message says which argument breaks which rule. */
export class UsageProblem extends Error {
  override readonly name = 'UsageProblem';
}
