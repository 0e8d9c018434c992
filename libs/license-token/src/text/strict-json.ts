/** Far deeper than any token; keeps whatever walks the object later off the end of its stack. */
const MAX_DEPTH = 32;

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
  let inString = false;
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (inString && character === '\\') at++;
    else if (character === '"') inString = !inString;
    else if (!inString && character === ':') members++;
  }
  return members;
}

/** Members in the value, counted level by level without recursion; null when it is too deep. */
function membersRead(value: object): number | null {
  let members = 0;
  let level: object[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth === MAX_DEPTH) return null;
    for (const item of level) if (!Array.isArray(item)) members += Object.keys(item).length;
    level = level.flatMap((item) => Object.values(item).filter(isObjectOrArray));
  }
  return members;
}

function isObjectOrArray(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
