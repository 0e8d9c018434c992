import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { clusterIn } from './cluster';
import { errorCode } from './error-code';
import { withExclusiveLock } from './exclusive-lock';
import { findPostmaster } from './postmaster';
import { ClusterUsers } from './users';

const LOCK_TIMEOUT_MS = 90_000;

/**
 * Moves the folder of a cluster, unless somebody uses it. Complete when the new folder is there; a crash midway leaves
 * the old one as it was.
 * @param from folder of ours
 * @param to must not exist
 * @param log called when it is done
 * @returns whether the new folder is there; false: the cluster is in use where it is
 */
export async function moveCluster(
  from: string,
  to: string,
  log: (message: string) => void,
): Promise<boolean> {
  try {
    return await withExclusiveLock(from, LOCK_TIMEOUT_MS, () => {
      if (isInUse(from)) return Promise.resolve(false);
      moveFolder(from, to);
      // It was held for the old folder: nobody releases it in the new one.
      for (const name of lockNames(to)) rmSync(join(to, name), { force: true });
      log(`Moved the embedded PostgreSQL from ${from} to ${to}.`);
      return Promise.resolve(true);
    });
  } catch (error) {
    // Another process has moved it while this one waited.
    if (errorCode(error) === 'ENOENT' && existsSync(to)) return true;
    throw error;
  }
}

function isInUse(folder: string): boolean {
  const ids = readdirSync(folder).flatMap((name) => /^data-([0-9a-f]+)$/.exec(name)?.[1] ?? []);
  return ids.some(
    (id) =>
      !new ClusterUsers(folder, id).isEmpty() ||
      findPostmaster(clusterIn({ path: folder }, id)) !== undefined,
  );
}

/** Exported for its test: renames, or copies where the new place is on another file system. */
export function moveFolder(from: string, to: string, rename: typeof renameSync = renameSync): void {
  try {
    rename(from, to);
    return;
  } catch (error) {
    if (errorCode(error) !== 'EXDEV') throw error;
  }
  const draft = `${to}.draft`;
  rmSync(draft, { recursive: true, force: true });
  copyTree(from, draft);
  renameSync(draft, to);
  syncPath(dirname(to));
  rmSync(from, { recursive: true });
}

/** With owners and modes, which PostgreSQL insists on; on the disk before the original goes. */
function copyTree(from: string, to: string): void {
  const { uid, gid, mode } = lstatSync(from);
  mkdirSync(to, { mode: 0o700 });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    // PostgreSQL's programs are copied from the package when they are missing.
    if (entry.name.startsWith('binaries')) continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyTree(source, target);
    else if (entry.isFile()) copyFile(source, target);
  }
  chownSync(to, uid, gid);
  chmodSync(to, mode & 0o7777);
  syncPath(to);
}

function copyFile(from: string, to: string): void {
  const { uid, gid, mode } = lstatSync(from);
  copyFileSync(from, to);
  chownSync(to, uid, gid);
  chmodSync(to, mode & 0o7777);
  syncPath(to);
}

function syncPath(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function lockNames(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.startsWith('lock.'));
}
