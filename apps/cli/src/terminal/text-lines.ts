import { open } from 'node:fs/promises';
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

/**
 * Lines that end in LF or CR LF; the last one need not. `readline` of Node 24 also ends one at U+2028 and U+2029,
 * which JSON allows within a text.
 */
async function* eachLine(input: AsyncIterable<Buffer>): AsyncGenerator<string> {
  // It skips a byte order mark.
  const decoder = new TextDecoder('utf-8');
  let rest = '';
  for await (const chunk of input) {
    const [end = '', ...more] = decoder.decode(chunk, { stream: true }).split('\n');
    rest += end;
    for (const text of more) {
      yield withoutCarriageReturn(rest);
      rest = text;
    }
  }
  rest += decoder.decode();
  if (rest !== '') yield withoutCarriageReturn(rest);
}

function withoutCarriageReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

/** A text without the mark that some editors put at its beginning. */
export function withoutByteOrderMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

/** Opens a file to be read as a stream: a wrong name is reported before anything else is done. */
export async function openFile(path: string): Promise<NodeJS.ReadableStream & AsyncIterable<Buffer>> {
  try {
    const file = await open(path, 'r');
    if ((await file.stat()).isDirectory()) {
      await file.close();
      throw Object.assign(new Error(), { code: 'EISDIR' });
    }
    return file.createReadStream();
  } catch (error) {
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    throw new UsageProblem(`${path} can't be read (${code}).`);
  }
}
