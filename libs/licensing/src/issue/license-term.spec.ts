import { daysAfter, endOfTerm } from './license-term';
import { InvalidTerm } from '../licensing.errors';

const NOW = new Date('2026-02-03T19:12:10.987Z');

describe('the term of a license', () => {
  it('has no end when perpetual', () => {
    expect(endOfTerm('perpetual', undefined, 30, NOW)).toBeNull();
  });

  it('ends the given number of days later, on a whole second', () => {
    expect(endOfTerm('subscription', 1, 30, NOW)).toEqual(new Date('2026-02-04T19:12:10.000Z'));
    expect(endOfTerm('subscription', 365, 30, NOW)).toEqual(new Date('2027-02-03T19:12:10.000Z'));
    expect(endOfTerm('demo', 7, 30, NOW)).toEqual(new Date('2026-02-10T19:12:10.000Z'));
    expect(daysAfter(new Date('2026-02-03T00:00:00.000Z'), 1)).toEqual(new Date('2026-02-04T00:00:00.000Z'));
  });

  it('counts days of 24 hours, across a change of the clocks', () => {
    expect(endOfTerm('demo', 1, 30, new Date('2026-03-28T23:30:00Z'))).toEqual(
      new Date('2026-03-29T23:30:00Z'),
    );
  });

  it('of a demo has a default', () => {
    expect(endOfTerm('demo', undefined, 30, NOW)).toEqual(new Date('2026-03-05T19:12:10.000Z'));
    expect(endOfTerm('demo', undefined, 14, NOW)).toEqual(new Date('2026-02-17T19:12:10.000Z'));
  });

  it.each([
    ['perpetual', 30],
    ['subscription', undefined],
  ] as const)('is refused for %s with %p days', (type, days) => {
    let thrown: unknown;
    try {
      endOfTerm(type, days, 30, NOW);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(InvalidTerm);
    expect(thrown).toMatchObject({
      code: 'validation_failed',
      errors: [{ field: 'duration_days', message: expect.any(String) }],
    });
  });
});
