/**
 * Awaits statements that were sent on one connection without waiting for one another.
 * @param statements in the order in which they were sent
 * @returns their results
 * @throws the error of the first that failed, once all are through: in a transaction the ones behind it only say that
 * something failed before them (25P02), and their promises may be rejected first
 */
export async function sentTogether<Results extends readonly unknown[]>(
  ...statements: { [Index in keyof Results]: Promise<Results[Index]> }
): Promise<Results> {
  const settled = await Promise.allSettled(statements);
  for (const outcome of settled) if (outcome.status === 'rejected') throw outcome.reason;
  return settled.map((outcome) => (outcome as PromiseFulfilledResult<unknown>).value) as unknown as Results;
}
