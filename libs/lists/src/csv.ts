import { stringify } from 'csv-stringify/sync';

/** What becomes of cells that a spreadsheet would take for a formula. */
export const FORMULAS = ['escaped', 'raw'] as const;
export type Formulas = (typeof FORMULAS)[number];

/**
 * What spreadsheets take for the beginning of a formula (OWASP, CSV injection): some of them drop white space before a
 * sign, and read the full-width forms of the signs as the signs (U+FF1D, U+FF0B, U+FF0D, U+FF20).
 */
const FORMULA = /^(?:[\t\r]|\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/;
/** Of what begins so, a plain number or a phone number runs nothing. */
const HARMLESS = /^ *(?:[+-]\d+(?:\.\d+)?|\+\d[\d ()./-]*)$/;

/**
 * Records as RFC 4180 has them: lines end in CR LF, and a cell with a quotation mark, a comma, a CR or an LF is
 * quoted. (The library by itself quotes a line break only where it is both.)
 */
export function csv(records: readonly (readonly string[])[]): string {
  return stringify(
    records.map((record) => [...record]),
    { record_delimiter: 'windows', quoted_match: /[\r\n]/ },
  );
}

/** A text that no spreadsheet takes for a formula: with an apostrophe before it where one would. */
export function withoutFormula(text: string): string {
  return FORMULA.test(text) && !HARMLESS.test(text) ? `'${text}` : text;
}
