import { jsonLine } from '@aegis/json';
import type { Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import type { ObjectLiteral } from 'typeorm';
import { csv, type Formulas, withoutFormula } from './csv';
import type { ListSource } from './list-page';
import { linePieces } from './list-pieces';

/** Media types that every list also streams in, whole. */
export const STREAM_TYPES = ['text/csv', 'application/x-ndjson'] as const;
export type StreamType = (typeof STREAM_TYPES)[number];

/**
 * Every row of a list as lines of text (UTF-8), in pieces that are read as fast as they are taken.
 * Rows that come or go meanwhile may be in it or not; none is in it twice.
 * @param RowDto what leaves of a row
 * @param judge throws when the caller is no longer valid; asked before each piece, and before the end
 * @param formulas whether cells of CSV that a spreadsheet would take for a formula are escaped, or left as they are
 */
export async function* listLines<Row extends ObjectLiteral>(
  source: ListSource<Row>,
  RowDto: Type<object>,
  type: StreamType,
  judge: () => Promise<void>,
  formulas: Formulas = 'escaped',
): AsyncGenerator<Buffer> {
  const shown = (row: object): object => plainToInstance(RowDto, row, { excludeExtraneousValues: true });
  const { head, line } = FORMATS[type](Object.keys(shown({})), formulas);
  let isFirst = true;
  for await (const piece of linePieces(source, (row) => line(shown(row)))) {
    await judge();
    if (isFirst) yield Buffer.from(head);
    isFirst = false;
    yield piece;
  }
  // The caller may have taken long to read the last piece.
  await judge();
}

interface LineFormat {
  head: string;
  line: (row: object) => string;
}

type FormatOf = (columns: readonly string[], formulas: Formulas) => LineFormat;

const FORMATS: Readonly<Record<StreamType, FormatOf>> = {
  // RFC 4180: lines end in CRLF, the first names the columns. Lists and objects are JSON within a cell.
  'text/csv': (columns, formulas) => {
    const safe = formulas === 'raw' ? (text: string) => text : withoutFormula;
    return {
      head: csv([columns]),
      line: (row) => csv([columns.map((column) => safe(cell((row as Record<string, unknown>)[column])))]),
    };
  },
  'application/x-ndjson': () => ({ head: '', line: (row) => `${jsonLine(row)}\n` }),
};

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'string' ? value : JSON.stringify(value);
}
