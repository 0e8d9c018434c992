import { spawnSync } from 'node:child_process';

/**
 * @param {number | undefined} pid of a running process
 * @returns {number} MiB of memory that it occupies (resident set)
 */
export function residentMegabytes(pid) {
  const { stdout } = spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  const kibibytes = Number(stdout.trim());
  if (!(kibibytes > 0)) throw new Error(`ps does not show the memory of process ${pid}.`);
  return kibibytes / 1024;
}
