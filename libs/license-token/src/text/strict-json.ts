/**
 * Objects and arrays within each other, the outermost one counted: far deeper than any token, and a bound that every
 * reader of signed texts can keep. It keeps whatever walks the object later off the end of its stack.
 */
const MAX_DEPTH = 16;

const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a];

/**
 * Reads a JSON object in which every name occurs once (RFC 8259 section 4 leaves open what a doubled name
 * means, so two readers of one signed token could see two licenses).
 * @param json the text
 * @returns the object, or null when it is not JSON, not an object, nested too deep, or a name is doubled anywhere
 */
export function parseStrictJsonObject(json: string): Record<string, unknown> | null {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  // Of a doubled name only the last member survives parsing, however the name is escaped.
  return membersRead(value) === membersWritten(json) ? (value as Record<string, unknown>) : null;
}

/** Members in the text, which is known to be JSON: each has one colon outside of strings. */
function membersWritten(json: string): number {
  let members = 0;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === COLON) members++;
    else if (code === QUOTE) at = endOfString(json, at);
  }
  return members;
}

/** @param start of a string in a text that is known to be JSON  @returns where its closing quote is */
function endOfString(json: string, start: number): number {
  let end = json.indexOf('"', start + 1);
  while (isEscaped(json, end)) end = json.indexOf('"', end + 1);
  return end;
}

function isEscaped(json: string, at: number): boolean {
  let backslashes = 0;
  while (json.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}

/**
 * Members in the value.
 * @param depth levels that may still come, this one counted: it bounds the recursion
 * @returns NaN, which equals no number, when it is too deep
 */
function membersRead(value: object, depth = MAX_DEPTH): number {
  if (depth === 0) return NaN;
  const items: unknown[] = Array.isArray(value) ? value : Object.values(value);
  let members = Array.isArray(value) ? 0 : items.length;
  for (const item of items)
    if (typeof item === 'object' && item !== null) members += membersRead(item, depth - 1);
  return members;
}
