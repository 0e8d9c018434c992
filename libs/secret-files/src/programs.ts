import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { assertFileRule, isForeign, READABLE } from './file-rule';
import { UnsafeFile } from './unsafe-file';

/**
 * Checks a program or a shared library before it is run or loaded: it must be a file of root or of this process's
 * user that nobody else can change or replace. Every folder above it must belong to one of these two, and others must
 * not write to it, except for a folder with the sticky bit further up (/tmp). The group may write to folders further
 * up: private groups.
 * @param path links are followed
 * @param closedFolders in how many of the nearest folders others must not even add files; 2 for a program that reads
 * files next to its own folder
 * @returns the path without links: run the checked file by it, not by `path`
 * @throws UnsafeFile, or as the file system says
 */
export function trustedProgramSync(path: string, closedFolders = 1): string {
  const real = realpathSync(path);
  assertFileRule(statSync(real), READABLE);
  let folder = dirname(real);
  for (let distance = 0; ; distance++) {
    assertFolder(folder, distance === 0 ? 0o022 : 0o002, distance >= closedFolders);
    if (folder === dirname(folder)) return real;
    folder = dirname(folder);
  }
}

function assertFolder(path: string, forbidden: number, maySticky: boolean): void {
  const { uid, mode } = statSync(path);
  if (isForeign(uid))
    throw new UnsafeFile(
      `is in the folder ${path}, which belongs to uid ${uid}: the folder must belong to root or to the user that runs this (uid ${process.geteuid?.() ?? ''})`,
    );
  // Where there are no users, there are no permission bits either.
  if (process.geteuid === undefined || (mode & forbidden) === 0) return;
  if (maySticky && (mode & 0o1000) !== 0) return;
  throw new UnsafeFile(
    `is in the folder ${path}, which has mode ${(mode & 0o7777).toString(8).padStart(4, '0')}: other users may put files there. Run \`chmod go-w\` on that folder, or choose another`,
  );
}
