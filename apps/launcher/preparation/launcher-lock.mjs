import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Runs `work` while no other launcher of this checkout installs or builds. The lock of a process that crashed is
 * taken over.
 *
 * Locks are numbered files, created exclusively; the highest one counts and is deleted only when a higher one
 * exists, so that of two that find the same dead holder one alone succeeds. An empty file is a released lock.
 *
 * @template T
 * @param {string} root absolute path of the checkout
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLauncherLock(root, work) {
  const folder = join(root, 'tmp', 'launcher');
  mkdirSync(folder, { recursive: true });
  let waiting = false;
  for (;;) {
    const attempt = tryToAcquire(folder);
    if (attempt.path !== undefined) {
      try {
        return await work();
      } finally {
        truncateSync(attempt.path);
      }
    }
    if (!waiting && attempt.holder !== undefined) {
      console.error(`Waiting for process ${attempt.holder}, which installs or builds.`);
      waiting = true;
    }
    await delay(100);
  }
}

/**
 * @param {string} folder
 * @returns {{ path?: string, holder?: number }} the lock, or who has it
 */
function tryToAcquire(folder) {
  const highest = Math.max(0, ...lockNumbers(folder));
  const holder = readHolder(join(folder, `lock.${highest}`));
  if (holder !== undefined && startOf(holder.pid) === holder.startedAt) return { holder: holder.pid };

  const path = join(folder, `lock.${highest + 1}`);
  const draft = `${path}.${randomBytes(8).toString('hex')}`;
  writeFileSync(draft, JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid) }));
  try {
    linkSync(draft, path);
  } catch (error) {
    if (error.code === 'EEXIST') return {};
    throw error;
  } finally {
    rmSync(draft);
  }
  const numbers = lockNumbers(folder);
  if (Math.max(...numbers) > highest + 1) {
    rmSync(path, { force: true });
    return {};
  }
  for (const lower of numbers.filter((number) => number <= highest)) {
    rmSync(join(folder, `lock.${lower}`), { force: true });
  }
  return { path };
}

/** @param {string} folder */
function lockNumbers(folder) {
  return readdirSync(folder)
    .flatMap((name) => /^lock\.(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number);
}

/**
 * @param {string} path
 * @returns {{ pid: number, startedAt: string } | undefined}
 */
function readHolder(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * @param {number} pid
 * @returns {string | undefined} when it started, which distinguishes it from a later process with the same pid; undefined if
 *   it has ended. Without /proc (macOS) the pid alone has to do.
 */
function startOf(pid) {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? undefined : fields[19];
    } catch {
      return undefined;
    }
  }
  try {
    process.kill(pid, 0);
    return 'unknown';
  } catch (error) {
    return error.code === 'EPERM' ? 'unknown' : undefined;
  }
}
