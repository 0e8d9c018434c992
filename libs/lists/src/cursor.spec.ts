import { InvalidInput } from '@aegis/errors';
import { decodeCursor, encodeCursor, type CursorKeyKind } from './cursor';

const LIST = { sort: '-created_at', status: 'active', q: undefined };
const KEYS = ['2026-02-03T19:12:10.123456Z', '0199f2c4-0000-7000-8000-00000000abcd'];
const KINDS: CursorKeyKind[] = ['timestamp', 'uuid'];

function refused(read: () => unknown): unknown {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInput);
    return (error as InvalidInput).errors;
  }
  throw new Error('the cursor was taken');
}

describe('cursors', () => {
  it('keep the keys to the microsecond, in a URL without escapes', () => {
    const cursor = encodeCursor(KEYS, LIST);
    expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(decodeCursor(cursor, KINDS, { status: 'active', sort: '-created_at' })).toEqual(KEYS);
  });

  it('contain null only if the key may be null', () => {
    const cursor = encodeCursor([null, KEYS[1] ?? ''], LIST);
    expect(decodeCursor(cursor, ['timestamp-or-null', 'uuid'], LIST)).toEqual([null, KEYS[1]]);
    expect(refused(() => decodeCursor(cursor, KINDS, LIST))).toMatchObject([{ field: 'cursor' }]);
  });

  it.each([
    ['another filter', { ...LIST, status: 'revoked' }],
    ['a further filter', { ...LIST, q: 'a' }],
    ['another order', { ...LIST, sort: 'created_at' }],
  ])('are refused with %s', (_what, list) => {
    expect(refused(() => decodeCursor(encodeCursor(KEYS, LIST), KINDS, list))).toEqual([
      { field: 'cursor', message: expect.stringContaining('filters and the sort order') },
    ]);
  });

  it.each([
    ['no cursor', 'abc'],
    ['empty', ''],
    ['not base64url', '!!!'],
    ['an object', Buffer.from('{}').toString('base64url')],
    ['a number', Buffer.from('7').toString('base64url')],
    ['too few keys', encodeCursor([KEYS[0] ?? ''], LIST)],
    ['too many keys', encodeCursor([...KEYS, 'a'], LIST)],
    ['SQL for a time', encodeCursor(["2026-01-01' OR true --", KEYS[1] ?? ''], LIST)],
    ['a day that does not exist', encodeCursor(['2026-02-30T00:00:00Z', KEYS[1] ?? ''], LIST)],
    ['no UUID', encodeCursor([KEYS[0] ?? '', 'x'], LIST)],
    ['a key of another type', Buffer.from(JSON.stringify(['x', 7, {}])).toString('base64url')],
  ])('are refused when made up: %s', (_what, cursor) => {
    expect(refused(() => decodeCursor(cursor, KINDS, LIST))).toEqual([
      { field: 'cursor', message: 'must be the next_cursor of an earlier answer' },
    ]);
  });

  it.each([
    ['text', 'a\0b'],
    ['text', '\ud800'],
    ['text', 'a'.repeat(501)],
    ['timestamp', '2026-01-01T00:00:00+16:00'],
    ['timestamp', '2026-01-01T00:00:00-23:59'],
    ['timestamp-or-null', '2026-01-01T00:00:00+00:00'],
    ['integer', '1;'],
    ['integer', '99999999999999999999'],
  ] as const)('are refused with a key that PostgreSQL could not take: %s', (kind, key) => {
    expect(refused(() => decodeCursor(encodeCursor([key], LIST), [kind], LIST))).toMatchObject([
      { field: 'cursor' },
    ]);
  });
});
