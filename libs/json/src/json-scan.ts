import { InvalidInput, MalformedRequest, shortened } from '@aegis/errors';
import type { JsonBounds } from './json-bounds';
import { jsonFault } from './json-fault';

/** Far deeper than any body of the contract. */
const MAX_DEPTH = 32;
/** Far longer than any field of the contract. */
const MAX_NAME_LENGTH = 64;
/** Longer, a name is too long however it is escaped: one character takes up to six. */
const MAX_WRITTEN_NAME_LENGTH = 6 * MAX_NAME_LENGTH;
/** Stands for the start of a name where no text came since the last colon. */
const NO_NAME = -1;
/** Members of an object, and elements of a list that no field of the route holds. */
const MAX_UNKNOWN = 100;

/**
 * The levels that the scan is in: whether each is a list, commas in it so far, how many elements there may be, and
 * where the name of its latest member is, and how many elements a list of that name may have (UNREAD until one
 * begins). Shared, since a scan is never interrupted and no request must pay for new ones.
 */
const isList = new Uint8Array(MAX_DEPTH + 1);
const commas = new Uint32Array(MAX_DEPTH + 1);
const most = new Float64Array(MAX_DEPTH + 1);
const nameStart = new Uint32Array(MAX_DEPTH + 1);
const nameEnd = new Uint32Array(MAX_DEPTH + 1);
const listMost = new Float64Array(MAX_DEPTH + 1);
const UNREAD = -1;

/**
 * Looks through JSON before it is parsed, and stops at the first bound that it exceeds: nothing is made of what would
 * be refused anyway, and the time it takes is linear in the length. Whether it is JSON is the parser's to say.
 * @param bounds of the route
 * @returns how many members are written
 * @throws MalformedRequest for more than 32 levels, more values than the route takes, or a colon without a name (400)
 * @throws InvalidInput for a list or an object with too many elements, or a name longer than any known one (422)
 */
export function scanJson(text: string, bounds: JsonBounds): number {
  let members = 0;
  let values = 0;
  let level = 0;
  let count = 0;
  let limit = Infinity;
  let start = NO_NAME;
  let end = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    switch (unit) {
      case 0x22: // a string begins: skip to its end
        start = at + 1;
        end = at = endOfString(text, at);
        break;
      case 0x3a: // :
        // One text names one member, so that no name is read twice. In JSON each member is a value too.
        if (start === NO_NAME || ++members > bounds.values) throw notJson(text);
        nameStart[level] = start;
        nameEnd[level] = end;
        listMost[level] = UNREAD;
        if (end - start > MAX_NAME_LENGTH) assertShortName(text.slice(start, end));
        start = NO_NAME;
        break;
      case 0x2c: // ,
        if (++count >= limit) throw tooMany(text, level, limit);
        if (++values > bounds.values) throw tooManyValues();
        break;
      case 0x7b: // {
      case 0x5b: // [
        if (++values > bounds.values) throw tooManyValues();
        if (level === MAX_DEPTH)
          throw new MalformedRequest(`The body nests deeper than ${MAX_DEPTH} levels.`);
        commas[level] = count;
        most[level] = limit;
        limit = unit === 0x5b ? longestList(text, level, bounds) : MAX_UNKNOWN;
        count = 0;
        isList[++level] = unit === 0x5b ? 1 : 0;
        break;
      case 0x7d: // }
      case 0x5d: // ]
        if (level === 0) break;
        level--;
        count = commas[level] ?? 0;
        limit = most[level] ?? 0;
        break;
      default:
    }
  }
  return members;
}

/** Index of the quote that ends the string which begins at `start`; the text's end where none does. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ;) {
    const quote = text.indexOf('"', at);
    if (quote === -1) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return quote;
    at = quote + 1;
  }
}

function assertShortName(written: string): void {
  const name = written.length > MAX_WRITTEN_NAME_LENGTH ? written : unescaped(written);
  if (name.length > MAX_NAME_LENGTH)
    throw new InvalidInput([
      { field: shortened(name, MAX_NAME_LENGTH), message: 'is longer than any known field' },
    ]);
}

/** Most elements of a list that begins at `level`. */
function longestList(text: string, level: number, { lists }: JsonBounds): number {
  if (lists.size === 0 || level === 0 || isList[level] === 1) return MAX_UNKNOWN;
  const known = listMost[level] ?? UNREAD;
  if (known !== UNREAD) return known;
  return (listMost[level] = lists.get(nameAt(text, level)) ?? MAX_UNKNOWN);
}

/** The answer to a body that is not JSON: where, and nothing of what it says. */
export function notJson(text: string): MalformedRequest {
  const fault = jsonFault(text);
  if (fault === undefined) return new MalformedRequest('The body is not JSON.');
  const { line, column, hint } = fault;
  return new MalformedRequest(
    `The body is not JSON: see line ${line}, column ${column}${hint === undefined ? '' : `: ${hint}`}.`,
  );
}

function tooManyValues(): MalformedRequest {
  return new MalformedRequest('The body contains more values than this route accepts.');
}

function tooMany(text: string, level: number, limit: number): InvalidInput {
  const inList = isList[level] === 1;
  if (level === 1 && inList) return new InvalidInput([{ field: 'body', message: 'must be a JSON object' }]);
  const names: string[] = [];
  for (let outer = 1; outer < level; outer++)
    names.push(isList[outer] === 1 ? String(commas[outer]) : nameAt(text, outer));
  const message = `must contain no more than ${limit} ${inList ? 'elements' : 'fields'}`;
  return new InvalidInput([{ field: names.join('.') || 'body', message }]);
}

/** Name of the latest member at a level. */
function nameAt(text: string, level: number): string {
  return unescaped(text.slice(nameStart[level], nameEnd[level]));
}

function unescaped(written: string): string {
  if (!written.includes('\\')) return written;
  try {
    return JSON.parse(`"${written}"`) as string;
  } catch {
    return written;
  }
}
