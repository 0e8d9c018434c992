/**
 * Fails when a list that follows the code misses something, with what to do as the message: a diff would not say it.
 * @param missing names of what the list does not have
 * @param nextStep where to add it, as an imperative
 */
export function expectNothingMissing(missing: readonly string[], nextStep: string): void {
  if (missing.length > 0) throw new Error(`${nextStep}:\n  ${missing.join('\n  ')}`);
}
