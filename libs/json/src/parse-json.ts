import {
  FieldErrors,
  InvalidInput,
  isStorableText,
  MalformedRequest,
  STORABLE_TEXT_RULE,
} from '@aegis/errors';
import type { JsonBounds } from './json-bounds';
import { notJson, scanJson } from './json-scan';

/**
 * Names with a special meaning in JavaScript: class-transformer drops some, and class-validator mistakes those that
 * every object inherits (`toString`) for known fields. No contract has such a field.
 */
export const RESERVED_NAMES: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  'prototype',
]);

/** For texts that no route takes, such as the lines of an import. */
const UNBOUNDED: JsonBounds = { lists: new Map(), freeNames: new Set(), values: Infinity };
/** What `inspect` returns of a value that breaks a rule for texts: `faultsIn` says which. */
const FAULTY = -1;

/**
 * Reads JSON (RFC 8259) in which every name occurs once and nothing nests deeper than 32 levels.
 * @param text the body, decoded
 * @param bounds of the route; lists and objects have at most 100 elements, except for the lists that it names
 * @returns the value; outside of fields with free names it never contains reserved names such as `__proto__`
 * @throws MalformedRequest when it is not JSON, nests too deep, has too many values or repeats a name (400)
 * @throws InvalidInput naming fields with NUL, unpaired surrogates or reserved names, or the first that is too long
 * (422)
 */
export function parseJson(text: string, bounds: JsonBounds = UNBOUNDED): unknown {
  const members = scanJson(text, bounds);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw notJson(text);
  }
  const escapes = text.includes('\\u');
  const found = inspect(value, escapes, bounds.freeNames, false);
  if (found === FAULTY) {
    const errors = new FieldErrors();
    collectFaults(value, '', { escapes, errors }, bounds.freeNames, false);
    throw new InvalidInput(errors);
  }
  // Of a doubled name only the last member survives parsing, however the name is escaped.
  if (found !== members) throw new MalformedRequest('The body has a duplicate name in one object.');
  return value;
}

const NO_NAMES: JsonBounds['freeNames'] = new Set();

/**
 * Counts the members of a value; `FAULTY` when a name or a text in it breaks a rule.
 * @param freeNames its members with names of the caller's choice: those of the body itself, and none further within, where
 * class-transformer would look at them
 * @param isFree whether its own names are of the caller's choice
 */
function inspect(
  value: unknown,
  escapes: boolean,
  freeNames: JsonBounds['freeNames'],
  isFree: boolean,
): number {
  if (typeof value === 'string') return escapes && !isStorableText(value) ? FAULTY : 0;
  if (typeof value !== 'object' || value === null) return 0;
  const list = Array.isArray(value);
  let members = 0;
  for (const name of Object.keys(value)) {
    if (!list) {
      members++;
      if ((!isFree && RESERVED_NAMES.has(name)) || (escapes && !isStorableText(name))) return FAULTY;
    }
    const inner = inspect(
      (value as Record<string, unknown>)[name],
      escapes,
      NO_NAMES,
      !list && freeNames.has(name),
    );
    if (inner === FAULTY) return FAULTY;
    members += inner;
  }
  return members;
}

interface FaultSearch {
  readonly escapes: boolean;
  readonly errors: FieldErrors;
}

function collectFaults(
  value: unknown,
  path: string,
  search: FaultSearch,
  freeNames: JsonBounds['freeNames'],
  isFree: boolean,
): void {
  const { escapes, errors } = search;
  if (typeof value === 'string') {
    if (escapes && !isStorableText(value)) errors.add(path, STORABLE_TEXT_RULE);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const name of Object.keys(value)) {
    if (errors.isFull) return;
    const inner = path === '' ? name : `${path}.${name}`;
    if (!isFree && RESERVED_NAMES.has(name)) errors.add(inner, 'is not a known field');
    else if (escapes && !isStorableText(name)) errors.add(inner, STORABLE_TEXT_RULE);
    collectFaults(
      (value as Record<string, unknown>)[name],
      inner,
      search,
      NO_NAMES,
      !Array.isArray(value) && freeNames.has(name),
    );
  }
}
