/** Objects and lists within one another; some thousand levels end JSON.stringify. As `audit_logs_depth` and requests. */
const MOST_LEVELS = 32;

/**
 * Whether JSON nests deeper than a process may read: more than 32 objects and lists within one another, be the
 * innermost empty or not.
 * @param json valid JSON
 */
export function nestsTooDeep(json: string): boolean {
  let level = 0;
  let isInText = false;
  for (let at = 0; at < json.length; at += 1) {
    const character = json[at];
    if (isInText && character === '\\') at += 1;
    else if (character === '"') isInText = !isInText;
    else if (isInText) continue;
    else if (character === '[' || character === '{') level += 1;
    else if (character === ']' || character === '}') level -= 1;
    if (level > MOST_LEVELS) return true;
  }
  return false;
}

/** SQL: the same of a jsonb column; false where it is null. */
export function columnNestsTooDeep(column: string): string {
  // Strict: in lax mode a list stands for its elements.
  return `coalesce(${column} @? 'strict $.**{${MOST_LEVELS}} ? (@.type() == "object" || @.type() == "array")', false)`;
}
