import { setTimeout as pause } from 'node:timers/promises';

/**
 * Waits until `condition` holds.
 * @param patienceMs for what never happens, so that the test says what: shorter than the time-out of a test, and long
 * enough for a machine that others keep busy
 */
export async function until(
  what: string,
  condition: () => Promise<boolean>,
  patienceMs = 200_000,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await condition())) {
    if (performance.now() > deadline)
      throw new Error(`waited ${patienceMs / 1000} seconds without success: ${what}`);
    await pause(10);
  }
}
