import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { outputPath } from '../terminal/output-path';
import { UsageProblem } from '../terminal/usage-problem';

/**
 * Writes a secret into a new file that only its owner may read; on disk once this returns.
 * @throws UsageProblem when the file is there, or can't be written
 */
export async function writeSecretFile(path: string, secret: string): Promise<void> {
  const target = outputPath(path);
  try {
    const file = await open(target, 'wx', 0o600);
    try {
      await file.writeFile(`${secret}\n`);
      await file.chmod(0o600);
      await file.sync();
    } finally {
      await file.close();
    }
    const directory = await open(dirname(target), 'r');
    await directory.sync().finally(() => directory.close());
  } catch (error) {
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    throw new UsageProblem(
      code === 'EEXIST' ? `${path} exists and is never overwritten.` : `${path} can't be written (${code}).`,
    );
  }
}
