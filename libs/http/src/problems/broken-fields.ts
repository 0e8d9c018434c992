import type { FieldError } from '@aegis/errors';

const MOST_NAMES = 20;

/**
 * Which fields broke rules, for the log: only names that the route declares, since a caller may write anything where a
 * name belongs. Places in lists are left out.
 * @param declared names of the fields of the route
 * @returns the paths, each once, at most 20, separated by commas; undefined if no field broke a rule
 */
export function brokenFields(
  errors: readonly FieldError[] | undefined,
  declared: ReadonlySet<string> | undefined,
): string | undefined {
  if (errors === undefined || declared === undefined) return undefined;
  const names = new Set<string>();
  for (const { field } of errors) {
    const path = field.split('.').filter((part) => !/^\d+$/.test(part));
    if (path.length > 0 && path.every((part) => declared.has(part))) names.add(path.join('.'));
    if (names.size === MOST_NAMES) break;
  }
  return names.size === 0 ? undefined : [...names].join(',');
}
