import { retryAfterSeconds } from './retry-after';

const DATE = 'Mon, 30 Nov 2026 10:00:00 GMT';

describe('Retry-After', () => {
  it.each([
    ['seconds', '120', 120],
    ['seconds with white space', ' 7 ', 7],
    ['more than a day', '86401', 86_400],
    ['more than a number holds', '9'.repeat(400), 86_400],
    ['a date', 'Mon, 30 Nov 2026 10:02:00 GMT', 120],
    ['a date in the form of RFC 850', 'Monday, 30-Nov-26 10:02:00 GMT', 120],
    ['a date in the form of asctime', 'Mon Nov 30 10:02:00 2026', 120],
    ['a date after more than a day', 'Mon, 30 Nov 2027 10:00:00 GMT', 86_400],
    ['zero', '0', null],
    ['a date in the past', 'Mon, 30 Nov 2026 09:59:59 GMT', null],
    ['a negative number', '-1', null],
    ['a fraction', '1.5', null],
    ['hexadecimal', '0x10', null],
    ['a date that no HTTP has', '2026-11-30T10:02:00Z', null],
    ['a date that does not exist', 'Mon, 99 Nov 2026 10:02:00 GMT', null],
    ['words', 'soon', null],
    ['nothing', '', null],
  ])('is read as %s', (_, value, seconds) => {
    expect(retryAfterSeconds(value, DATE)).toBe(seconds);
  });

  it('may be missing', () => {
    expect(retryAfterSeconds(undefined, DATE)).toBeNull();
  });

  it('is counted from the clock of the receiver, however wrong it is', () => {
    const value = 'Thu, 01 Jan 1998 00:00:30 GMT';
    expect(retryAfterSeconds(value, 'Thu, 01 Jan 1998 00:00:00 GMT')).toBe(30);
    // Without its Date, by this clock: long ago.
    expect(retryAfterSeconds(value, undefined)).toBeNull();
    expect(retryAfterSeconds('Mon, 01 Jan 2125 00:00:00 GMT', 'not a date')).toBe(86_400);
  });
});
