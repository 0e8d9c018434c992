import { parseTimestamp, UUID_RULE } from '@aegis/field-rules';
import { createHash } from 'node:crypto';
import { InvalidInput, isStorableText } from '@aegis/errors';

/** One sort key of the last row of a page, as text; null where the row has none. */
export type CursorKey = string | null;

/** What a sort key may be: nothing else of a cursor, which anyone can make up, reaches a query. */
export type CursorKeyKind = 'integer' | 'text' | 'timestamp' | 'timestamp-or-null' | 'uuid';

/** Of a cursor, in characters. */
export const MAX_CURSOR_LENGTH = 2_048;

function isOfKind(key: unknown, kind: CursorKeyKind): key is CursorKey {
  if (key === null) return kind === 'timestamp-or-null';
  if (typeof key !== 'string') return false;
  switch (kind) {
    case 'integer':
      return /^-?\d{1,18}$/.test(key);
    case 'text':
      return key.length <= 500 && isStorableText(key);
    case 'timestamp':
    case 'timestamp-or-null':
      // In UTC, as `encodeCursor` is given it: RFC 3339 has offsets that PostgreSQL does not take.
      return key.endsWith('Z') && parseTimestamp(key) !== null;
    case 'uuid':
      return UUID_RULE.pattern.test(key);
  }
}

/** Ties a cursor to the list it was made for: sort order and filters, whatever order they are named in. */
function listHash(list: Readonly<Record<string, unknown>>): string {
  const named = Object.entries(list)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(named)).digest('base64url').slice(0, 16);
}

/**
 * Makes the `next_cursor` of a page.
 * @param keys sort keys of its last row, the unique one last; times in full precision (`timestamptz::text` is not one:
 * select `to_char(… AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')` or keep milliseconds in the table)
 * @param list filters and sort order of the list
 */
export function encodeCursor(keys: readonly CursorKey[], list: Readonly<Record<string, unknown>>): string {
  return Buffer.from(JSON.stringify([listHash(list), ...keys])).toString('base64url');
}

/**
 * Reads a cursor that a caller sent.
 * @param kinds of the keys, in their order
 * @param list filters and sort order that are asked for now
 * @returns the keys, each of its kind
 * @throws InvalidInput naming `cursor` when it is invalid, or belongs to another list (422)
 */
export function decodeCursor(
  cursor: string,
  kinds: readonly CursorKeyKind[],
  list: Readonly<Record<string, unknown>>,
): CursorKey[] {
  const [hash, ...keys] = contentOf(cursor);
  const valid = keys.flatMap((key, index) => {
    const kind = kinds[index];
    return kind !== undefined && isOfKind(key, kind) ? [key] : [];
  });
  if (keys.length !== kinds.length || valid.length !== kinds.length)
    throw new InvalidInput([{ field: 'cursor', message: 'must be the next_cursor of an earlier answer' }]);
  if (hash !== listHash(list))
    throw new InvalidInput([
      {
        field: 'cursor',
        message: 'must be used with the filters and the sort order of the list it came from',
      },
    ]);
  return valid;
}

function contentOf(cursor: string): unknown[] {
  if (cursor.length > MAX_CURSOR_LENGTH || !/^[A-Za-z0-9_-]+$/.test(cursor)) return [];
  try {
    const content: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return Array.isArray(content) ? content : [];
  } catch {
    return [];
  }
}
