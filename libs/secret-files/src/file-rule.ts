import { constants, type Stats } from 'node:fs';
import { UnsafeFile } from './unsafe-file';

/** What a file must be, at the end of every link, to be trusted. */
export interface FileRule {
  /** Permission bits that it must not have. */
  forbidden: number;
  /** What those bits mean, and the command that takes them away. */
  why: string;
  /** False where no link may be in its place. */
  followsLinks: boolean;
}

/**
 * A secret: passphrases, private keys, passwords, files named by `X_FILE`. Links are followed, because Kubernetes
 * mounts secrets through them, with mode 0440 for the group of the pod: so the group may read.
 */
export const SECRET: FileRule = {
  forbidden: 0o027,
  why: 'others must have no access and the group must not write. Run `chmod 600` on it',
  followsLinks: true,
};

/** A secret that this program creates for itself: it never creates a link. */
export const OWN_SECRET: FileRule = {
  forbidden: 0o077,
  why: 'it must have mode 0600. Run `chmod 600` on it',
  followsLinks: false,
};

/**
 * A file that others may read but not change: public keys. Also the identity tokens of a platform, which live for an
 * hour or so and which Kubernetes mounts with mode 0644 in a pod without a user of its own.
 */
export const READABLE: FileRule = {
  forbidden: 0o022,
  why: 'neither the group nor others may write to it. Run `chmod go-w` on it',
  followsLinks: true,
};

/** Does not wait for the other end of a pipe, and does not take a terminal as its own. */
export function openFlags({ followsLinks }: FileRule): number {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
  return followsLinks ? flags : flags | constants.O_NOFOLLOW;
}

/**
 * Judges a file that is open: nobody can replace it any longer.
 * @throws UnsafeFile when it is not a regular file, belongs neither to root nor to this process's user, or has bits
 * that the rule forbids
 */
export function assertFileRule(status: Pick<Stats, 'isFile' | 'uid' | 'mode'>, rule: FileRule): void {
  if (!status.isFile()) throw new UnsafeFile('is not a regular file');
  const user = process.geteuid?.();
  // Where there are no users, there are no permission bits either.
  if (user === undefined) return;
  if (isForeign(status.uid))
    throw new UnsafeFile(
      `belongs to uid ${status.uid}: it must belong to root or to the user that runs this (uid ${user}). Run \`chown\` on it`,
    );
  if ((status.mode & rule.forbidden) !== 0)
    throw new UnsafeFile(`has mode ${(status.mode & 0o777).toString(8).padStart(4, '0')}: ${rule.why}`);
}

/** Whether an owner is neither root nor the user that runs this process. Where there are no users, no owner is. */
export function isForeign(uid: number): boolean {
  const user = process.geteuid?.();
  return user !== undefined && uid !== 0 && uid !== user;
}

/** What opening a file threw, where it means that the file must not be trusted. */
export function fileOpeningError(error: unknown): unknown {
  // Only where links are refused: else it is a circle of links.
  if ((error as NodeJS.ErrnoException).code === 'ELOOP')
    return new UnsafeFile('is a symbolic link, or part of a loop of them: put a regular file in its place');
  return error;
}
