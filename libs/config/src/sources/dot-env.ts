import { linesOfFile } from './file-text';
import type { LineProblem } from './line-problem';

const NAME = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)$/;
/** Characters that some editors show as the end of a line: a value ends on its own line. */
const LINE_SEPARATOR = /[\u2028\u2029]/;
const QUOTES = `'"\``;
/** What word processors make of quotes. */
const TYPOGRAPHIC_QUOTES = /^[\u2018-\u201f\u00ab\u00bb]/;
const CONTROL = /[\0-\x08\x0b-\x1f\x7f]/;

/** What a file `.env` says. */
export interface DotEnv {
  readonly variables: Readonly<Record<string, string>>;
  /** Lines that are not understood: with any of them, the variables must not be used. */
  readonly problems: readonly LineProblem[];
}

/**
 * Reads the text of a file `.env`: one `NAME=value` a line; blank lines and lines that begin with `#` say nothing.
 * Quotes around a value ('…', "…" or `…`) are removed; nothing is replaced or expanded. What programs read differently
 * (a `#` without quotes, a backslash in double quotes, a name given twice) is not guessed, but a problem.
 * @param bytes of the file
 */
export function parseDotEnv(bytes: Buffer): DotEnv {
  const lines = linesOfFile(bytes);
  if (!Array.isArray(lines)) return { variables: {}, problems: [lines] };
  const variables: Record<string, string> = {};
  const problems: LineProblem[] = [];
  const definedIn = new Map<string, number>();
  lines.forEach((text, index) => {
    const line = index + 1;
    const read = readLine(text);
    if (read === undefined) return;
    if (typeof read === 'string') {
      problems.push({ line, rule: read });
      return;
    }
    const [name, value] = read;
    const before = definedIn.get(name);
    if (before === undefined) {
      definedIn.set(name, line);
      variables[name] = value;
    } else problems.push({ line, rule: `repeats the setting of line ${before}; keep one of them` });
  });
  return { variables, problems };
}

/** @returns name and value; undefined for a line that says nothing; the rule that it breaks */
function readLine(text: string): [name: string, value: string] | string | undefined {
  const line = text.trim();
  if (line === '' || line.startsWith('#')) return undefined;
  if (CONTROL.test(text)) return 'contains a control character';
  const equals = line.indexOf('=');
  const [, name] = NAME.exec(line.slice(0, Math.max(0, equals)).trimEnd()) ?? [];
  const rest = line.slice(equals + 1).trimStart();
  if (name === undefined || LINE_SEPARATOR.test(rest))
    return 'must be NAME=value, a comment that begins with #, or empty';
  const value = readValue(rest);
  return typeof value === 'string' ? value : [name, value.text];
}

/** @returns the value, or the rule that it breaks */
function readValue(rest: string): { text: string } | string {
  const [quote = ''] = rest;
  if (quote !== '' && QUOTES.includes(quote)) return readQuoted(rest, quote);
  if (TYPOGRAPHIC_QUOTES.test(rest)) return 'begins its value with a typographic quote; use \' or "';
  if (rest.includes('#'))
    return 'has a # in a value without quotes; put the value into single quotes, and a comment on a separate line';
  return { text: rest };
}

function readQuoted(rest: string, quote: string): { text: string } | string {
  const end = rest.indexOf(quote, 1);
  if (end === -1) return `has no closing ${quote}; a value ends on its line`;
  if (!/^(\s+#.*)?$/.test(rest.slice(end + 1))) return `has text after the closing ${quote}`;
  const text = rest.slice(1, end);
  if (quote === '"' && text.includes('\\')) return 'has a backslash in double quotes; use single quotes';
  return { text };
}
