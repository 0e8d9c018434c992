import type { FileHandle } from 'node:fs/promises';

const BLOCK_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/** A line, found from the end of a file. */
export interface LineFromEnd {
  text: string;
  /** Byte of the file behind its line feed. */
  end: number;
}

/** Which lines are given. */
export interface WantedLines {
  /** Bytes of the file; what is behind is not read. */
  size: number;
  /** First byte that is read. */
  first: number;
  /** Bytes that a line has at most. */
  mostLength: number;
  /** What a line begins with, not empty. */
  begin: Buffer;
}

/**
 * Gives the complete lines of a file from the last to the first, one block at a time. It uses a few MB of memory, no
 * matter how large the file is, how long a line is and how many lines there are. Lines that are not wanted cost almost
 * nothing.
 */
export async function* linesFromEnd(
  file: Pick<FileHandle, 'read'>,
  wanted: WantedLines,
): AsyncGenerator<LineFromEnd> {
  const { size, first, mostLength } = wanted;
  const block = Buffer.alloc(BLOCK_BYTES);
  /** What is known of the line that ends at `end`; undefined where it is too long. */
  let rest: Buffer | undefined = Buffer.alloc(0);
  /** Behind the line feed of that line; undefined for what is behind the last line feed. */
  let end: number | undefined;
  for (let to = size; to > first;) {
    const from = Math.max(first, to - BLOCK_BYTES);
    await readAll(file, block, from, to - from);
    let until = to - from;
    while (until > 0) {
      const at = block.lastIndexOf(NEWLINE, until - 1);
      rest = joined(block.subarray(at + 1, until), rest, mostLength);
      if (at === -1) break;
      if (end !== undefined && isWanted(rest, wanted)) yield { text: rest.toString('utf8'), end };
      until = at;
      // Empty lines are skipped byte by byte, because a search for the previous line costs more: a file can consist of
      // empty lines.
      while (until > 0 && block[until - 1] === NEWLINE) until -= 1;
      end = from + until + 1;
      rest = block.subarray(0, 0);
    }
    // The block is written again.
    rest &&= Buffer.from(rest);
    to = from;
  }
  if (first === 0 && end !== undefined && isWanted(rest, wanted)) yield { text: rest.toString('utf8'), end };
}

function isWanted(line: Buffer | undefined, { begin }: WantedLines): line is Buffer {
  return (
    line !== undefined &&
    line.length >= begin.length &&
    line[0] === begin[0] &&
    line.subarray(0, begin.length).equals(begin)
  );
}

function joined(piece: Buffer, rest: Buffer | undefined, mostLength: number): Buffer | undefined {
  if (rest === undefined || piece.length + rest.length > mostLength) return undefined;
  return rest.length === 0 ? piece : Buffer.concat([piece, rest]);
}

/** @throws Error when the file has become shorter */
async function readAll(
  file: Pick<FileHandle, 'read'>,
  block: Buffer,
  position: number,
  length: number,
): Promise<void> {
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(block, done, length - done, position + done);
    if (bytesRead === 0) throw new Error('The file was cut while it was read.');
    done += bytesRead;
  }
}
