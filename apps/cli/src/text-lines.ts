import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { UsageProblem } from './usage-problem';

/**
 * The lines of a file, one in memory at a time.
 * @param path `-` for standard input
 * @throws UsageProblem when it can't be read
 */
export async function linesOf(path: string): Promise<AsyncIterable<string>> {
  const input = path === '-' ? process.stdin : await openFile(path);
  return eachLine(input);
}

/** Reads nothing before it is asked for: lines that nobody waits for yet would be lost. */
async function* eachLine(input: NodeJS.ReadableStream): AsyncGenerator<string> {
  let isFirst = true;
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    yield isFirst ? withoutByteOrderMark(line) : line;
    isFirst = false;
  }
}

/** A text without the mark that some editors put at its beginning. */
export function withoutByteOrderMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

/** Opens a file to be read as a stream: a wrong name is told before anything else is done. */
export async function openFile(path: string): Promise<NodeJS.ReadableStream & AsyncIterable<Buffer>> {
  try {
    const file = await open(path, 'r');
    if ((await file.stat()).isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    return file.createReadStream();
  } catch (error) {
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    throw new UsageProblem(`${path} can't be read (${code}).`);
  }
}
