/** Longest line of a file to import, in bytes without its end: a token of 8 KiB and a customer fit many times. */
const MAX_LINE_BYTES = 65_536;

/** One line that is not blank: its text, or why it has none. Numbers count from 1, blank lines too. */
export type Line =
  { number: number; text: string } | { number: number; unreadable: 'too long' | 'not UTF-8' };

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
// Passes over a byte order mark.
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The line that is being put together; of one that is too long no bytes are kept. */
class LineBytes {
  private pieces: Buffer[] = [];
  private length = 0;
  private endsInCarriageReturn = false;

  add(piece: Buffer): void {
    if (piece.length === 0) return;
    this.length += piece.length;
    this.endsInCarriageReturn = piece.at(-1) === CARRIAGE_RETURN;
    if (this.length > MAX_LINE_BYTES + 1) this.pieces = [];
    else this.pieces.push(piece);
  }

  read(number: number): Line {
    if (this.length - (this.endsInCarriageReturn ? 1 : 0) > MAX_LINE_BYTES)
      return { number, unreadable: 'too long' };
    try {
      return { number, text: utf8.decode(Buffer.concat(this.pieces)) };
    } catch {
      return { number, unreadable: 'not UTF-8' };
    }
  }
}

function isBlank(line: Line): boolean {
  return 'text' in line && line.text.trim() === '';
}

/**
 * Cuts a stream of JSON Lines into lines as it flows: never more than one chunk and one line is held. Lines end in
 * LF or CR LF, the last one need not; a byte order mark is skipped, and so are blank lines.
 * @param chunks bytes, cut anywhere
 */
export async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let number = 1;
  let current = new LineBytes();
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      current.add(chunk.subarray(start, end));
      const line = current.read(number);
      if (!isBlank(line)) yield line;
      start = end + 1;
      number += 1;
      current = new LineBytes();
    }
    current.add(chunk.subarray(start));
  }
  const last = current.read(number);
  if (!isBlank(last)) yield last;
}
