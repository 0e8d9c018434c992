import { constants } from 'node:os';

/**
 * Ends this process as the child ended: by the signal's exit code if one ended it, else with 1.
 * @param {import('node:child_process').SpawnSyncReturns<unknown>} result
 * @param {string} message for standard error
 * @returns {never}
 */
export function endLike(result, message) {
  if (result.signal) process.exit(128 + constants.signals[result.signal]);
  console.error(result.error === undefined ? message : `${message} ${result.error.message}`);
  process.exit(1);
}
