import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { outputPath } from './output-path';
import { UsageProblem } from './usage-problem';

/** Takes lines as fast as they can be written. */
export interface LineSink {
  write(line: string): Promise<void>;
  /** @throws what kept a line from being written */
  close(): Promise<void>;
}

/**
 * A file of this user's alone, on the disk once it is closed.
 * @throws UsageProblem when it is there already, or can't be made
 */
export async function newLineFile(path: string): Promise<LineSink> {
  const file = await open(outputPath(path), 'wx', 0o600).catch((error: unknown) => {
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    throw new UsageProblem(`${path} can't be created (${code}); an existing file is never overwritten.`);
  });
  const stream = file.createWriteStream({ flush: true });
  let failure: Error | undefined;
  stream.on('error', (error) => (failure = error));
  const check = (): void => {
    if (failure) throw failure;
  };
  return {
    async write(line) {
      check();
      if (!stream.write(`${line}\n`)) await once(stream, 'drain');
    },
    async close() {
      check();
      stream.end();
      await once(stream, 'close');
      check();
    },
  };
}

/** A reader that goes away (`| head`) is not a failure. */
export function standardOutputLines(): LineSink {
  return {
    async write(line) {
      if (!process.stdout.writable || process.stdout.write(`${line}\n`)) return;
      await once(process.stdout, 'drain').catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
      });
    },
    close: () => Promise.resolve(),
  };
}
