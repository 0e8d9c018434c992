/** Bytes of one line, at most: an object with a checkpoint and all of its records. */
const MOST_LINE_BYTES = 256 * 1024 * 1024;
const NEWLINE = 0x0a;

/** A line of a shipped trail. */
export interface ShippedLine {
  /** Without white space at its end; empty where it is too long. */
  text: string;
  /** Byte of the file where it begins. */
  offset: number;
  /** Counted from where reading began, from 1. */
  number: number;
  /** Longer than anything that is shipped: it is skipped and not kept in memory. */
  isTooLong: boolean;
}

/** Whether a line is the beginning of a later one, and not all of it: a crash or a full disk cut it short. */
export function isCutShort(line: string, later: string): boolean {
  return line !== '' && line !== later && later.startsWith(line);
}

/**
 * Reads the lines that are not empty, no matter how many there are and how long they are.
 * @param chunks bytes, from the beginning of a line on
 * @param start byte of the file that they begin with
 * @param mostBytes of a line
 */
export async function* linesOf(
  chunks: AsyncIterable<Buffer>,
  start: number,
  mostBytes = MOST_LINE_BYTES,
): AsyncGenerator<ShippedLine> {
  let [offset, number, length] = [start, 1, 0];
  let pieces: Buffer[] = [];
  const take = (piece: Buffer): void => {
    length += piece.length;
    if (length > mostBytes) pieces = [];
    else if (piece.length > 0) pieces.push(piece);
  };
  const end = (): ShippedLine => {
    const isTooLong = length > mostBytes;
    const text = isTooLong ? '' : Buffer.concat(pieces).toString('utf8').trimEnd();
    return { text, offset, number, isTooLong };
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      take(chunk.subarray(from, at));
      if (length > 0) {
        const line = end();
        if (line.text !== '' || line.isTooLong) yield line;
      }
      offset += length + 1;
      number += 1;
      [pieces, length] = [[], 0];
      from = at + 1;
      // Empty lines are skipped byte by byte, because a search for the next line costs more: a file can consist of
      // empty lines.
      for (; chunk[from] === NEWLINE; from += 1) {
        offset += 1;
        number += 1;
      }
    }
    take(chunk.subarray(from));
  }
  if (length > 0) yield end();
}
