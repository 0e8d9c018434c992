import { InvalidInput } from '@aegis/errors';
import { type AskedRange, startsOf } from './series-range';

const NOW = new Date('2026-03-05T10:30:00Z');
const starts = (asked: AskedRange): string[] => startsOf(asked, NOW).map((start) => start.toISOString());
const at = (text: string): Date => new Date(text);

function problemOf(asked: AskedRange): string {
  try {
    startsOf(asked, NOW);
  } catch (error) {
    if (error instanceof InvalidInput) return error.errors.map(({ message }) => message).join();
    throw error;
  }
  return '';
}

describe('the intervals of a series', () => {
  it('are the last 30 days, and the last 48 hours, unless something else is asked for', () => {
    const days = starts({ interval: 'day' });
    expect([days.length, days[0], days.at(-1)]).toEqual([
      30,
      '2026-02-04T00:00:00.000Z',
      '2026-03-05T00:00:00.000Z',
    ]);
    const hours = starts({ interval: 'hour' });
    expect([hours.length, hours[0], hours.at(-1)]).toEqual([
      48,
      '2026-03-03T11:00:00.000Z',
      '2026-03-05T10:00:00.000Z',
    ]);
  });

  it('begin with the one in which `since` is, and end with the last that begins before `until`', () => {
    const asked = { since: at('2026-03-01T23:59:59.999Z'), until: at('2026-03-04T00:00:00Z') };
    expect(starts({ interval: 'day', ...asked })).toEqual([
      '2026-03-01T00:00:00.000Z',
      '2026-03-02T00:00:00.000Z',
      '2026-03-03T00:00:00.000Z',
    ]);
    expect(starts({ interval: 'day', ...asked, until: at('2026-03-04T00:00:00.001Z') })).toHaveLength(4);
    expect(starts({ interval: 'hour', ...asked, until: at('2026-03-02T01:00:00Z') })).toEqual([
      '2026-03-01T23:00:00.000Z',
      '2026-03-02T00:00:00.000Z',
    ]);
  });

  it('exist before 1970 too', () => {
    expect(
      starts({ interval: 'day', since: at('1969-12-31T12:00:00Z'), until: at('1970-01-01T12:00:00Z') }),
    ).toEqual(['1969-12-31T00:00:00.000Z', '1970-01-01T00:00:00.000Z']);
  });

  it('are at least one', () => {
    const message = 'must be before until, which is now unless given';
    expect(problemOf({ interval: 'day', since: NOW, until: NOW })).toBe(message);
    expect(problemOf({ interval: 'day', since: new Date(NOW.getTime() + 1) })).toBe(message);
    expect(starts({ interval: 'day', since: new Date(NOW.getTime() - 1) })).toHaveLength(1);
  });

  it('are at most 400', () => {
    const since = at('2025-01-30T00:00:00Z');
    expect(starts({ interval: 'day', since })).toHaveLength(400);
    expect(problemOf({ interval: 'day', since: new Date(since.getTime() - 1) })).toBe(
      'must be at most 400 days before until',
    );
    expect(problemOf({ interval: 'hour', since })).toBe('must be at most 400 hours before until');
    expect(problemOf({ interval: 'day', since: at('0001-01-01T00:00:00Z') })).toMatch(/at most 400 days/);
  });
});
