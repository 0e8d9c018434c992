const RFC_3339 =
  /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;

/** RFC 3339 writes years with four digits, and answers are in UTC: earlier and later moments have no such form. */
const FIRST_MOMENT = Date.parse('0001-01-01T00:00:00.000Z');
const LAST_MOMENT = Date.parse('9999-12-31T23:59:59.999Z');

export const TIMESTAMP_RULE = 'must be an RFC 3339 time with offset, like 2026-02-03T19:12:10Z';
export const MOMENT_RULE = 'must be from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z in UTC';

/** Whether a moment can be answered as an RFC 3339 time in UTC. Ask it of each moment that is computed. */
export function isMoment(moment: Date): boolean {
  const time = moment.getTime();
  return time >= FIRST_MOMENT && time <= LAST_MOMENT;
}

/**
 * The moment nearest to a time among those that can be answered.
 * @param time milliseconds since 1970; infinite ones too
 */
export function nearestMoment(time: number): Date {
  return new Date(Math.min(Math.max(time, FIRST_MOMENT), LAST_MOMENT));
}

/**
 * Reads a time with its offset from UTC (RFC 3339 section 5.6), without leap seconds.
 * @returns null when it is not one, not a day of the calendar, or in UTC before the year 1 or after 9999;
 * `timestampProblem` says which
 */
export function parseTimestamp(text: string): Date | null {
  const moment = read(text);
  return moment !== null && isMoment(moment) ? moment : null;
}

/** What keeps a text from being a time that is accepted, in words that begin with "must"; null when nothing does. */
export function timestampProblem(text: string): string | null {
  const moment = read(text);
  if (moment === null) return TIMESTAMP_RULE;
  return isMoment(moment) ? null : MOMENT_RULE;
}

function read(text: string): Date | null {
  const [, year, month, day] = (RFC_3339.exec(text) ?? []).map(Number);
  if (year === undefined || month === undefined || day === undefined) return null;
  // JavaScript takes 30 February for a day in March: whatever the calendar lacks lands in another month.
  const midnight = new Date(Date.UTC(year, month - 1, day));
  if (midnight.getUTCMonth() !== month - 1) return null;
  return new Date(text.toUpperCase());
}
