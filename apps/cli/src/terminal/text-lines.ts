import { type FileHandle, open } from 'node:fs/promises';
import { UsageProblem } from './usage-problem';

/**
 * Passes the lines of a file to `work`, with one in memory at a time. The file stays open until the work ends, in any
 * way.
 * @param path `-` for standard input
 * @param most characters that a line may have: memory and time of one line grow with it
 * @returns what `work` returned
 * @throws UsageProblem when it can't be read; while they are read, when a line is too long
 */
export function withLinesOf<T>(
  path: string,
  most: number,
  work: (lines: AsyncIterable<string>) => Promise<T>,
): Promise<T> {
  return withInput(path, (input) =>
    work(eachLine(input, { most, name: path === '-' ? 'standard input' : path })),
  );
}

/** As `withLinesOf`, the bytes. A wrong name is reported before anything else is done. */
export async function withInput<T>(
  path: string,
  work: (input: AsyncIterable<Buffer>) => Promise<T>,
): Promise<T> {
  if (path === '-') return work(process.stdin);
  const file = await openFile(path);
  try {
    const stream = file.createReadStream({ autoClose: false });
    // Work that does not read it does not see its errors.
    stream.on('error', () => undefined);
    return await work(stream);
  } finally {
    await file.close();
  }
}

/**
 * Lines that end in LF or CR LF; the last one need not. `readline` of Node 24 also ends one at U+2028 and U+2029,
 * which JSON allows within a text.
 */
async function* eachLine(
  input: AsyncIterable<Buffer>,
  { most, name }: { most: number; name: string },
): AsyncGenerator<string> {
  // It skips a byte order mark.
  const decoder = new TextDecoder('utf-8');
  let rest = '';
  let number = 1;
  for await (const chunk of input) {
    const [end = '', ...more] = decoder.decode(chunk, { stream: true }).split('\n');
    rest += end;
    for (const text of [...more, undefined]) {
      // Also checked for an incomplete line: otherwise the whole file could be one line.
      if (rest.length > most)
        throw new UsageProblem(`Line ${number} of ${name} has more than ${most} characters.`);
      if (text === undefined) break;
      number += 1;
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

async function openFile(path: string): Promise<FileHandle> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    if ((await file.stat()).isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    return file;
  } catch (error) {
    await file?.close();
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    throw new UsageProblem(`${path} can't be read (${code}).`);
  }
}
