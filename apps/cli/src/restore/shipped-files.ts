import type { ShippedSource } from '@aegis/checkpoints';
import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageProblem } from '../terminal/usage-problem';

/**
 * The files of shipped trails.
 * @param paths of files, or of folders: then of every file in them
 * @throws UsageProblem when one can't be read or is no regular file, or a folder has something else than files
 */
export async function shippedFiles(paths: readonly string[]): Promise<ShippedSource[]> {
  const sources: ShippedSource[] = [];
  for (const path of paths) for (const file of await filesAt(path)) sources.push(await sourceOf(file));
  return sources;
}

async function filesAt(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const entries = await readdir(path, { withFileTypes: true });
    const other = entries.find((entry) => !entry.isFile());
    if (other !== undefined)
      throw new UsageProblem(
        `${join(path, other.name)} is not a file: it would be left out. Name files and folders of files with --shipped, each of them.`,
      );
    return entries.map(({ name }) => join(path, name)).sort();
  } catch (error) {
    if (error instanceof UsageProblem) throw error;
    throw unreadable(path, error);
  }
}

async function sourceOf(name: string): Promise<ShippedSource> {
  try {
    // Opened only then: opening a pipe waits for a writer.
    if (!(await stat(name)).isFile())
      throw new UsageProblem(
        `${name} is not a file: it is read more than once, so a pipe or a device can't be.`,
      );
    await (await open(name, 'r')).close();
  } catch (error) {
    if (error instanceof UsageProblem) throw error;
    throw unreadable(name, error);
  }
  return { name, read: (start) => createReadStream(name, { start }) as AsyncIterable<Buffer> };
}

function unreadable(path: string, error: unknown): UsageProblem {
  const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
  return new UsageProblem(`${path} can't be read (${code}).`);
}
