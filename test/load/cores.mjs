import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { processesOf } from './processor-time.mjs';

/**
 * Gives servers, which are driven in turn, one core, and client and PostgreSQL the others: what one process does on one
 * core (docs/benchmarks.md).
 * @param {readonly number[]} servers process ids
 * @param {readonly number[]} postmasters process ids
 * @returns {boolean} false where that can't be had: on one core, or without Linux' `taskset`
 */
export function keepApart(servers, postmasters) {
  const cores = availableParallelism();
  if (cores < 2) return false;
  const rest = [process.pid, ...postmasters.flatMap(processesOf)];
  return servers.every((pid) => bind(pid, '0')) && rest.every((pid) => bind(pid, `1-${cores - 1}`));
}

/** @param {number} pid with all its threads  @param {string} cores  @returns {boolean} whether it could be done */
function bind(pid, cores) {
  return spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', cores, String(pid)]).status === 0;
}
