import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { outputPath } from './output-path';
import { UsageProblem } from './usage-problem';

/**
 * Writes a file completely or not at all: a site must never read half of one.
 * @param path as typed
 * @param mode of the file
 * @throws UsageProblem
 */
export async function replaceOutput(path: string, content: string, mode = 0o666): Promise<void> {
  const target = outputPath(path);
  const temporary = join(dirname(target), `.${randomBytes(8).toString('hex')}.tmp`);
  try {
    await writeFile(temporary, content, { flag: 'wx', mode });
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw unwritable(path, error);
  }
}

export function unwritable(path: string, error: unknown): UsageProblem {
  const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
  return new UsageProblem(`${path} can't be written (${code}).`);
}
