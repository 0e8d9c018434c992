import { lstatSync, readlinkSync } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, parse, sep } from 'node:path';
import { isForeign } from './file-rule';
import { UnsafeFile } from './unsafe-file';

/** As Linux allows. */
const MOST_LINKS = 40;

/**
 * Resolves the links of a path, and refuses a link of another user: the owner of a link decides which file is written
 * or read. The kernel has such a rule for folders like /tmp, but not for programs that resolve links themselves, and
 * not on every system.
 * @param path relative to the working directory, or absolute; its last parts need not exist
 * @returns an absolute path without links; parts that do not exist are kept
 * @throws UnsafeFile for a link that belongs neither to root nor to this process's user, or for a loop; or as the
 * file system says
 */
export function resolveOwnLinksSync(path: string): string {
  const steps = resolution(path);
  let step = steps.next();
  while (step.done !== true) step = steps.next(lookSync(step.value));
  return step.value;
}

/**
 * The same for a file system that may not answer: it blocks only its caller.
 * @throws as `resolveOwnLinksSync`
 */
export async function resolveOwnLinks(path: string): Promise<string> {
  const steps = resolution(path);
  let step = steps.next();
  while (step.done !== true) step = steps.next(await look(step.value));
  return step.value;
}

/** What is at a path, as far as links are concerned. */
interface Entry {
  uid: number;
  /** Of a symbolic link. */
  target?: string;
}

/** Yields each path that it has to know of, and gets what is there, or undefined where nothing is. */
function* resolution(path: string): Generator<string, string, Entry | undefined> {
  const absolute = isAbsolute(path) ? path : process.cwd() + sep + path;
  let resolved = parse(absolute).root;
  // Not normalized: behind a link, `..` is the parent of what the link leads to.
  const rest = absolute.slice(resolved.length).split(sep);
  for (let links = 0; rest.length > 0;) {
    const next = join(resolved, rest.shift() ?? '');
    const entry = yield next;
    if (entry === undefined) return join(next, ...rest);
    const { uid, target } = entry;
    if (target === undefined) {
      resolved = next;
      continue;
    }
    assertOwnLink(next, uid);
    links += 1;
    if (links > MOST_LINKS) throw new UnsafeFile('is part of a loop of symbolic links: choose another path');
    if (isAbsolute(target)) resolved = parse(target).root;
    rest.unshift(...target.split(sep));
  }
  return resolved;
}

function lookSync(path: string): Entry | undefined {
  const status = lstatSync(path, { throwIfNoEntry: false });
  return status && { uid: status.uid, ...(status.isSymbolicLink() && { target: readlinkSync(path) }) };
}

async function look(path: string): Promise<Entry | undefined> {
  try {
    const status = await lstat(path);
    return { uid: status.uid, ...(status.isSymbolicLink() && { target: await readlink(path) }) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * The same for a file that is created or renamed over: its name itself may be a link, which is then replaced or refused.
 * @throws as `resolveOwnLinksSync`
 */
export function resolveOwnParentSync(path: string): string {
  return join(resolveOwnLinksSync(dirname(path)), basename(path));
}

function assertOwnLink(link: string, uid: number): void {
  if (!isForeign(uid)) return;
  throw new UnsafeFile(
    `leads through the symbolic link ${link}, which belongs to uid ${uid}: links must belong to root or to the user that runs this (uid ${process.geteuid?.() ?? ''}). Remove the link, or choose another path`,
  );
}
