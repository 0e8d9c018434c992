import { stringify } from 'csv-stringify/sync';

/** What becomes of cells that a spreadsheet would take for a formula. */
export const FORMULAS = ['escaped', 'raw'] as const;
export type Formulas = (typeof FORMULAS)[number];

/**
 * What spreadsheets take for the sign of a formula (OWASP, CSV injection): `=`, `+`, `-`, `@`, and characters whose
 * compatibility form (NFKC) begins with one, which some spreadsheets read as the sign.
 */
const SIGN = String.raw`[=+\-@\u2212\uFF1D\uFF0B\uFF0D\uFF20\uFE62\uFE63\uFE66\uFE6B\u207A-\u207C\u208A-\u208C\uFB29\u2A75\u2A76]`;
/** What may stand before a sign and is dropped: white space, control characters, characters that nobody sees. */
const DROPPED = String.raw`\s\p{Cc}\p{DI}`;
/** The beginning of a cell that is a formula. */
const FORMULA = new RegExp(`^(?:[\\t\\r]|[${DROPPED}]*${SIGN})`, 'u');
/** Of what begins so, a plain number or a phone number runs nothing. */
const HARMLESS = /^ *(?:[+-]\d+(?:\.\d+)?|\+\d[\d ()./-]*)$/;
/**
 * Ends a cell, or a row, for a spreadsheet whose list separator is not the comma: it takes no quotation mark in the
 * middle of what it takes for a cell as the beginning of a quoted one.
 */
const FOREIGN_END = /(?<=[;\t\r\n])/;
/** The beginning of what such a spreadsheet takes for a cell. */
const INNER_FORMULA = new RegExp(`^["${DROPPED}]*${SIGN}`, 'u');

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

/**
 * A text that no spreadsheet takes for a formula: with an apostrophe wherever one would begin, at the beginning of the
 * cell and after each semicolon, tab and line break in it.
 */
export function withoutFormula(text: string): string {
  const whole = FORMULA.test(text) && !HARMLESS.test(text) ? `'${text}` : text;
  const [first = '', ...others] = whole.split(FOREIGN_END);
  return others.length === 0 ? whole : first + others.map(withoutInnerFormula).join('');
}

function withoutInnerFormula(part: string): string {
  return INNER_FORMULA.test(part) && !HARMLESS.test(part.replace(/[;\t\r\n]$/, '')) ? `'${part}` : part;
}
