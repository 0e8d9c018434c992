import { open, readFile, rename, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';

/** Keeps one value in a file. It is the storage of a guard, of a seat and of a status list. */
export interface JsonFile {
  /** Null where there is no file, and where it is not JSON. */
  load(): Promise<unknown>;
  save(value: unknown): Promise<void>;
}

/**
 * A storage in a file that only its owner can read (0600). It is replaced as a whole: after a crash or a power failure it has
 * the value of before or the new one. Writes come after each other, in the order of their calls.
 * @param path of the file; its folder must exist
 */
export function jsonFile(path: string): JsonFile {
  let last: Promise<unknown> = Promise.resolve();
  return {
    async load() {
      try {
        return JSON.parse(await readFile(path, 'utf8')) as unknown;
      } catch {
        return null;
      }
    },
    save(value) {
      const text = JSON.stringify(value);
      const write = last.then(() => replace(path, text));
      last = write.catch(() => undefined);
      return write;
    },
  };
}

async function replace(path: string, text: string): Promise<void> {
  const written = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(written, 'wx', 0o600);
    try {
      await file.writeFile(text);
      // Before it gets its name: else a power failure could leave an empty file.
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(written, path);
  } catch (error) {
    await rm(written, { force: true });
    throw error;
  }
}
