import { randomBytes } from 'node:crypto';
import { link, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Creates a file that is there whole or not at all, also after a power cut, and never replaces one.
 * @param path - of the new file; its directory exists.
 * @param content - text.
 * @param mode - permission bits, whatever the umask.
 * @throws {NodeJS.ErrnoException} `EEXIST` when the file exists, of any kind; else as the file system says.
 */
export async function createFile(path: string, content: string, mode: number): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    await write(temporary, content, { mode });
    // Unlike rename, link refuses to replace.
    await link(temporary, path);
  } catch (error) {
    // Where it could not even be created, what matters is why.
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await unlink(temporary);
  await syncDirectory(dirname(path));
}

/**
 * Replaces a file: at any moment, also after a power cut, it is whole, the old one or the new one. Mode and owner stay.
 * @param path - of a file that is there; a link stays one, and the file it leads to is replaced.
 * @param content - text.
 * @throws {NodeJS.ErrnoException} as the file system says; the old file is untouched then.
 */
export async function replaceFile(path: string, content: string): Promise<void> {
  const target = await realpath(path);
  const { mode, uid, gid } = await stat(target);
  const temporary = temporaryBeside(target);
  try {
    await write(temporary, content, { mode: mode & 0o777, owner: { uid, gid } });
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
    await replaceFile(path, content);
  }
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
