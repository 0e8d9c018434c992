/** A variable that is not a setting, and the setting that is probably meant: names only. */
export interface NearMiss {
  readonly given: string;
  readonly meant: string;
}

const SHORTEST_NAME = 8;
const MOST_EDITS = 2;

/**
 * Finds variables whose names differ from a setting's by one or two letters: such a setting has no effect.
 * @param given names of all variables of the process and of `.env`
 * @param known names of all settings, with `_FILE` where a file may give them
 */
export function nearMisses(given: Iterable<string>, known: readonly string[]): NearMiss[] {
  const settings = new Set(known);
  return [...new Set(given)].flatMap((name) => {
    if (name.length < SHORTEST_NAME || settings.has(name)) return [];
    const meant = known.find(
      (setting) =>
        setting.length >= SHORTEST_NAME && editsBetween(name.toUpperCase(), setting) <= mostEdits(name),
    );
    return meant === undefined ? [] : [{ given: name, meant }];
  });
}

/** OpenTelemetry has further variables, with names much like those that are settings here. */
function mostEdits(name: string): number {
  return name.startsWith('OTEL_') ? 1 : MOST_EDITS;
}

/** Letters to insert, delete or replace (Levenshtein); more than `MOST_EDITS` is not counted exactly. */
function editsBetween(one: string, other: string): number {
  if (Math.abs(one.length - other.length) > MOST_EDITS) return MOST_EDITS + 1;
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
