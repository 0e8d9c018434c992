import fc from 'fast-check';
import { isMoment, parseTimestamp, timestampProblem } from './moments';

const IN_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const two = (number: number): string => String(number).padStart(2, '0');

/** Times of the whole range, most of them at its edges, with every offset. */
const anyTime = fc
  .tuple(
    fc.oneof(fc.constantFrom(0, 1, 9999), fc.integer({ min: 0, max: 9999 })),
    fc.constantFrom('01-01', '12-31', '06-15', '02-29'),
    fc.constantFrom('00:00:00', '23:59:59', '23:59:59.9999', '12:30:00'),
    fc.oneof(
      fc.constant('Z'),
      fc
        .tuple(fc.constantFrom('+', '-'), fc.nat(23), fc.nat(59))
        .map(([sign, hours, minutes]) => `${sign}${two(hours)}:${two(minutes)}`),
    ),
  )
  .map(([year, day, time, offset]) => `${String(year).padStart(4, '0')}-${day}T${time}${offset}`);

describe('parseTimestamp', () => {
  it.each([
    ['2026-02-03T19:12:10Z', '2026-02-03T19:12:10.000Z'],
    ['2026-02-03t19:12:10.5z', '2026-02-03T19:12:10.500Z'],
    ['2026-02-03T19:12:10.123456+05:30', '2026-02-03T13:42:10.123Z'],
    ['2024-02-29T00:00:00-00:00', '2024-02-29T00:00:00.000Z'],
  ])('reads %s', (text, expected) => {
    expect(parseTimestamp(text)?.toISOString()).toBe(expected);
  });

  it.each([
    '2026-02-03',
    '2026-02-03T19:12:10',
    '2026-02-03 19:12:10Z',
    '2026-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T23:59:60Z',
    '0000-01-01T00:00:00Z',
    '2026-01-01T00:00:00+24:00',
    '2026-01-01T00:00:00Z\n',
    '+102026-01-01T00:00:00Z',
    '',
  ])('refuses %j', (text) => {
    expect(parseTimestamp(text)).toBeNull();
  });

  it.each([
    '9999-12-31T23:59:59-00:01',
    '9999-12-31T23:59:59-01:00',
    '9999-12-31T23:59:59.999-23:59',
    '0001-01-01T00:00:00+00:01',
    '0001-01-01T00:00:00+23:59',
    '0000-12-31T23:59:59Z',
  ])('refuses %s, which is outside of 0001 to 9999 in UTC, and says so', (text) => {
    expect(parseTimestamp(text)).toBeNull();
    expect(timestampProblem(text)).toBe('must be from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z in UTC');
  });

  it.each(['0001-01-01T00:00:00Z', '0000-12-31T23:30:00-01:00', '9999-12-31T23:59:59.999Z'])(
    'takes the edge %s',
    (text) => {
      expect(parseTimestamp(text)?.toISOString()).toMatch(IN_UTC);
      expect(timestampProblem(text)).toBeNull();
    },
  );

  it('accepts only times that an answer can write', () => {
    fc.assert(
      fc.property(anyTime, (text) => {
        const moment = parseTimestamp(text);
        expect(timestampProblem(text) === null).toBe(moment !== null);
        if (moment === null) return;
        expect(moment.toISOString()).toMatch(IN_UTC);
        expect(isMoment(moment)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
