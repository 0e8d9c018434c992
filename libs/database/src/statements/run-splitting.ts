import { isInputRefused } from '../postgres-errors';

/**
 * Runs a batch. When the database refuses it because of one of the inputs, the halves run separately, and their
 * halves, until only the refused inputs fail. No other failure is split: when the outcome is unknown, as after the
 * loss of a connection, running again could write twice.
 * @param run does everything or nothing for its inputs
 * @param onDone called, and awaited, with the inputs of each successful run and its result
 * @param onFailure called, and awaited, with the inputs of each run that finally failed, and its error
 * @returns when each input was passed to one of the two
 */
export async function runSplitting<In, Out>(
  inputs: readonly In[],
  run: (inputs: readonly In[]) => Promise<Out>,
  onDone: (inputs: readonly In[], output: Out) => void | Promise<void>,
  onFailure: (inputs: readonly In[], error: unknown) => void | Promise<void>,
): Promise<void> {
  let output: Out;
  try {
    output = await run(inputs);
  } catch (error) {
    if (inputs.length === 1 || !isInputRefused(error)) {
      await onFailure(inputs, error);
      return;
    }
    const middle = Math.ceil(inputs.length / 2);
    await runSplitting(inputs.slice(0, middle), run, onDone, onFailure);
    await runSplitting(inputs.slice(middle), run, onDone, onFailure);
    return;
  }
  await onDone(inputs, output);
}
