import { randomBytes } from 'node:crypto';
import { linkSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from './error-code';
import { isRunning, ownIdentity, type ProcessIdentity } from './process-identity';

const RETRY_MS = 15;

/**
 * Runs `work` while nobody else, in this process or another, has the lock of the folder. If the process that had the
 * lock crashed, the lock is taken over.
 *
 * Locks are numbered files `lock.<n>`, created exclusively. The highest number counts, and is deleted only when a
 * higher one exists. So if two processes find the same dead holder, only one gets the next number, and a slow process
 * sees a higher number than its own. An empty file is a released lock.
 *
 * @param folder absolute; exists
 * @param timeoutMs how long to wait for the lock
 * @throws Error when the lock is not released in that time; and what `work` throws
 */
export async function withExclusiveLock<T>(
  folder: string,
  timeoutMs: number,
  work: () => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let mine = tryToAcquire(folder);
  while (typeof mine !== 'string') {
    if (performance.now() > deadline) {
      throw new Error(
        `Process ${mine.holder} has held the lock of ${folder} for more than ${timeoutMs / 1000} s.`,
      );
    }
    await delay(RETRY_MS);
    mine = tryToAcquire(folder);
  }
  try {
    return await work();
  } finally {
    release(mine);
  }
}

function tryToAcquire(folder: string): string | { holder: number } {
  const highest = Math.max(0, ...lockNumbers(folder));
  const holder = highest === 0 ? undefined : readHolder(lockPath(folder, highest));
  if (holder !== undefined && isRunning(holder)) return { holder: holder.pid };

  const next = highest + 1;
  if (!createExclusively(lockPath(folder, next))) return { holder: holder?.pid ?? 0 };
  const numbers = lockNumbers(folder);
  if (Math.max(...numbers) > next) {
    rmSync(lockPath(folder, next), { force: true });
    return { holder: 0 };
  }
  for (const lower of numbers.filter((n) => n < next)) rmSync(lockPath(folder, lower), { force: true });
  return lockPath(folder, next);
}

/** By a link, so that the file is complete the moment it exists. */
function createExclusively(path: string): boolean {
  const draft = `${path}.${randomBytes(8).toString('hex')}.draft`;
  writeFileSync(draft, JSON.stringify(ownIdentity()), { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function release(path: string): void {
  try {
    truncateSync(path);
  } catch (error) {
    // The folder was removed with everything in it: nothing is left to release.
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

function lockNumbers(folder: string): number[] {
  return readdirSync(folder).flatMap((name) => {
    const number = /^lock\.(\d+)$/.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

function readHolder(path: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity;
  } catch {
    // Empty (released), or deleted meanwhile by the holder of a higher one.
    return undefined;
  }
}

function lockPath(folder: string, number: number): string {
  return join(folder, `lock.${number}`);
}
