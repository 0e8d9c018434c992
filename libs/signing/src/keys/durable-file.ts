import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isForeign, resolveOwnLinksSync, resolveOwnParentSync } from '@aegis/secret-files';

/**
 * Creates a file as a whole or not at all, even during a power cut, and never replaces one.
 * @param path - of the new file; its directory exists.
 * @param content - text.
 * @param mode - permission bits, whatever the umask.
 * @throws {UnsafeFile} when a link of another user is in the path.
 * @throws {NodeJS.ErrnoException} `EEXIST` when the file exists, of any kind; else as the file system says.
 */
export async function createFile(path: string, content: string, mode: number): Promise<void> {
  const target = resolveOwnParentSync(path);
  const temporary = temporaryBeside(target);
  try {
    await write(temporary, content, { mode });
    // Unlike rename, link refuses to replace.
    await link(temporary, target);
  } catch (error) {
    // Where it could not even be created, what matters is why.
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await unlink(temporary);
  await syncDirectory(dirname(target));
}

/**
 * Replaces a file: at any moment, also after a power cut, it is whole, the old one or the new one. Mode and owner stay,
 * unless the old file belongs to another user, who could then change the new content as well.
 * @param path - of a file that is there; a link stays one, and the file it leads to is replaced.
 * @param content - text.
 * @param mode - permission bits where the old file belongs to another user.
 * @throws {UnsafeFile} when a link of another user is in its place, or on the way to it.
 * @throws {NodeJS.ErrnoException} as the file system says; the old file is untouched then.
 */
export async function replaceFile(path: string, content: string, mode: number): Promise<void> {
  const target = resolveOwnLinksSync(path);
  const old = await stat(target);
  const kept = isForeign(old.uid)
    ? { mode }
    : { mode: old.mode & 0o777, owner: { uid: old.uid, gid: old.gid } };
  const temporary = temporaryBeside(target);
  try {
    await write(temporary, content, kept);
    await rename(temporary, target);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncDirectory(dirname(target));
}

/** Writes a file that may be there or not, whole or not at all; a new one has `mode`. */
export async function writeFileWhole(path: string, content: string, mode: number): Promise<void> {
  try {
    await createFile(path, content, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    await replaceFile(path, content, mode);
  }
}

/**
 * Makes a folder for keys with mode 0700, and those above it that are missing; one that is there stays as it is.
 * @throws {UnsafeFile} when a link of another user is in its place, or on the way to it.
 */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(resolveOwnLinksSync(path), { recursive: true, mode: 0o700 });
}

function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(8).toString('hex')}.tmp`);
}

async function write(
  path: string,
  content: string,
  { mode, owner }: { mode: number; owner?: { uid: number; gid: number } },
): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(content);
    if (owner) await file.chown(owner.uid, owner.gid);
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
