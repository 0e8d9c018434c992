import { accessSync, chmodSync, constants, lstatSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { resolveOwnLinksSync } from './own-links';
import { UnsafeFile } from './unsafe-file';

/**
 * Makes a folder for secrets that this program creates, mode 0700, or takes the one that is there: not a link, and of
 * this process's own user; on the way to it are no links of other users. Bits for others are taken away.
 * @param path absolute
 * @throws UnsafeFile, or as the file system says
 */
export function openOwnFolderSync(path: string): void {
  resolveOwnLinksSync(dirname(path));
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const status = lstatSync(path);
  if (!status.isDirectory()) throw new UnsafeFile('is a symbolic link: put a folder in its place');
  const user = process.geteuid?.();
  if (user === undefined) return;
  if (status.uid !== user)
    throw new UnsafeFile(
      `belongs to uid ${status.uid}, not to the user that runs this (uid ${user}). Run \`chown\` on it`,
    );
  if ((status.mode & 0o777) !== 0o700) chmodSync(path, 0o700);
}

/**
 * Judges a folder from which keys are read. Others may write to it only where the file system is mounted read-only:
 * Kubernetes gives mounted secrets mode 1777.
 * @param path need not exist; links are followed
 * @throws UnsafeFile when others may put files into it
 */
export function assertKeysFolderSync(path: string): void {
  const status = statSync(path, { throwIfNoEntry: false });
  if (!status?.isDirectory() || (status.mode & 0o002) === 0 || isMountedReadOnly(path)) return;
  const mode = (status.mode & 0o7777).toString(8).padStart(4, '0');
  throw new UnsafeFile(
    `has mode ${mode}: others may put keys into it. Run \`chmod o-w\` on it, or mount it read-only`,
  );
}

function isMountedReadOnly(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EROFS';
  }
}
