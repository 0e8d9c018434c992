import { jsonLine } from '@aegis/json';
import type { Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import type { ObjectLiteral } from 'typeorm';
import { csv, type Formulas, withoutFormula } from './csv';
import { chunksOf, type ListSource } from './list-page';

/** Media types that every list also streams in, whole. */
export const STREAM_TYPES = ['text/csv', 'application/x-ndjson'] as const;
export type StreamType = (typeof STREAM_TYPES)[number];

/** Rows read at a time. */
const CHUNK = 500;

/**
 * Every row of a list as lines of text, read as fast as they are taken.
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
): AsyncGenerator<string> {
  const format = FORMATS[type];
  let columns: string[] | undefined;
  for await (const rows of chunksOf(source, CHUNK)) {
    await judge();
    const answers = plainToInstance(RowDto, rows, { excludeExtraneousValues: true });
    if (columns === undefined) {
      columns = Object.keys(plainToInstance(RowDto, {}, { excludeExtraneousValues: true }));
      yield format.head(columns);
    }
    yield format.lines(answers, columns, formulas);
  }
  // The caller may have taken long to read the last piece.
  await judge();
}

interface LineFormat {
  head(columns: string[]): string;
  lines(rows: object[], columns: string[], formulas: Formulas): string;
}

const FORMATS: Readonly<Record<StreamType, LineFormat>> = {
  // RFC 4180: lines end in CRLF, the first names the columns. Lists and objects are JSON within a cell.
  'text/csv': {
    head: (columns) => csv([columns]),
    lines: (rows, columns, formulas) => {
      const safe = formulas === 'raw' ? (text: string) => text : withoutFormula;
      return csv(
        rows.map((row) => columns.map((column) => safe(cell((row as Record<string, unknown>)[column])))),
      );
    },
  },
  'application/x-ndjson': {
    head: () => '',
    lines: (rows) => rows.map((row) => `${jsonLine(row)}\n`).join(''),
  },
};

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'string' ? value : JSON.stringify(value);
}
