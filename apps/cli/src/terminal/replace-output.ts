import { randomBytes } from 'node:crypto';
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { outputPath } from './output-path';
import { UsageProblem } from './usage-problem';

/**
 * A file that is written completely or not at all: a site must never read half of one. What is done for it in the database
 * is done after `begin`, so that a wrong path costs nothing.
 */
export class ReplacedOutput {
  private constructor(
    private readonly path: string,
    private readonly target: string,
    private readonly temporary: string,
  ) {}

  /**
   * Makes sure that the file can be written, by an empty one in the same folder.
   * @param path as typed; an older file there is replaced, and nothing else is
   * @param mode of the file
   * @throws UsageProblem
   */
  static async begin(path: string, mode = 0o666): Promise<ReplacedOutput> {
    const target = outputPath(path);
    try {
      if ((await stat(target).catch(ifThere))?.isFile() === false)
        throw new UsageProblem(`${path} is not a regular file, and is not replaced: choose another name.`);
      const temporary = join(dirname(target), `.${randomBytes(8).toString('hex')}.tmp`);
      await writeFile(temporary, '', { flag: 'wx', mode });
      return new ReplacedOutput(path, target, temporary);
    } catch (error) {
      throw error instanceof UsageProblem ? error : unwritable(path, error);
    }
  }

  /** Puts the file in its place. @throws UsageProblem */
  async write(content: string): Promise<void> {
    try {
      await writeFile(this.temporary, content, { flag: 'r+' });
      await rename(this.temporary, this.target);
    } catch (error) {
      await this.discard();
      throw unwritable(this.path, error);
    }
  }

  /** Leaves what is there as it is. */
  async discard(): Promise<void> {
    await rm(this.temporary, { force: true });
  }
}

/**
 * Writes a file completely or not at all, where nothing has to be done before.
 * @param path as typed
 * @param mode of the file
 * @throws UsageProblem
 */
export async function replaceOutput(path: string, content: string, mode = 0o666): Promise<void> {
  await (await ReplacedOutput.begin(path, mode)).write(content);
}

export function unwritable(path: string, error: unknown): UsageProblem {
  const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
  return new UsageProblem(`${path} can't be written (${code}).`);
}

/** @throws what is no sign that nothing is there */
function ifThere(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
