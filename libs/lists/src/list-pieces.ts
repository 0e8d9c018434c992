import type { ObjectLiteral } from 'typeorm';
import type { CursorKey } from './cursor';
import { type ListSource, positionOf, rowsAfter } from './list-page';
import { Turns } from './turns';

/** Bytes that a piece has at most, unless one line alone has more. */
export const PIECE_BYTES = 256 * 1024;
/** Rows read for the first piece, of which nobody knows how long they are. */
const FIRST_ROWS = 50;
/** Rows read at a time, however short they are. */
const MOST_ROWS = 500;
/** Short rows may be followed by long ones. */
const GROWTH = 4;
/**
 * Reads that are under way in this process. What was read is in memory several times until it is text: with the bytes
 * of a piece, this bounds what all streams need together.
 */
const reads = new Turns(4);

/** The next lines of a list. */
interface Piece {
  bytes: Buffer;
  /** Where they end. */
  end: CursorKey[];
  /** Lines in it. */
  lines: number;
  isLast: boolean;
}

/**
 * The lines of a list in pieces of bounded size, each read when it is asked for. Between two of them nothing is held but
 * the place where the last one ended.
 * @param lineOf the text of a row
 */
export async function* linePieces<Row extends ObjectLiteral>(
  source: ListSource<Row>,
  lineOf: (row: Row) => string,
): AsyncGenerator<Buffer> {
  let after: CursorKey[] | undefined;
  let rows = FIRST_ROWS;
  for (;;) {
    const [from, count] = [after, rows];
    const { bytes, end, lines, isLast } = await reads.take(() => readPiece(source, from, count, lineOf));
    yield bytes;
    if (isLast) return;
    after = end;
    rows = rowsOfNext(count, lines, bytes.length);
  }
}

/**
 * How many rows to read for the next piece.
 * @param rows that were read for the last one
 * @param lines that it has, at least one
 * @param bytes that they have
 */
export function rowsOfNext(rows: number, lines: number, bytes: number): number {
  const fitting = Math.floor((PIECE_BYTES * lines) / bytes);
  return Math.max(1, Math.min(fitting, rows * GROWTH, MOST_ROWS));
}

/** Rows that no longer fit are dropped, and read again for the next piece. */
async function readPiece<Row extends ObjectLiteral>(
  source: ListSource<Row>,
  after: CursorKey[] | undefined,
  count: number,
  lineOf: (row: Row) => string,
): Promise<Piece> {
  const rows = await rowsAfter(source, after, count);
  const lines: string[] = [];
  let length = 0;
  for (const row of rows) {
    const line = lineOf(row);
    length += Buffer.byteLength(line);
    if (length > PIECE_BYTES && lines.length > 0) break;
    lines.push(line);
  }
  const last = rows[lines.length - 1];
  return {
    bytes: Buffer.from(lines.join('')),
    end: last === undefined ? [] : positionOf(last, source.order),
    lines: lines.length,
    isLast: rows.length < count && lines.length === rows.length,
  };
}
