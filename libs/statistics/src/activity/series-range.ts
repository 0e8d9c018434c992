import { type FieldError, InvalidInput } from '@aegis/errors';

export const INTERVALS = ['hour', 'day'] as const;
export type Interval = (typeof INTERVALS)[number];

/** Intervals that a series has at most. */
export const MOST_INTERVALS = 400;

const HOUR_MS = 3_600_000;
const LENGTH_MS: Readonly<Record<Interval, number>> = { hour: HOUR_MS, day: 24 * HOUR_MS };
/** Intervals of a series without `since`. */
const USUAL: Readonly<Record<Interval, number>> = { hour: 48, day: 30 };

/** What a series is asked for. */
export interface AskedRange {
  interval: Interval;
  since?: Date;
  until?: Date;
}

/**
 * The starts of the intervals (UTC) of a series: from the one in which `since` is, to the last one that begins before
 * `until`.
 * @param now by the database's clock; `until` unless given
 * @throws InvalidInput when there is none, or there are too many
 */
export function startsOf({ interval, since, until }: AskedRange, now: Date): Date[] {
  const length = LENGTH_MS[interval];
  const end = (until ?? now).getTime();
  const first = since?.getTime() ?? end - (USUAL[interval] - 1) * length;
  const from = Math.floor(first / length) * length;
  const count = Math.ceil((end - from) / length);
  const problem = rangeProblem(count, first < end, interval);
  if (problem !== undefined) throw new InvalidInput([problem]);
  return Array.from({ length: count }, (_, index) => new Date(from + index * length));
}

function rangeProblem(count: number, isForwards: boolean, interval: Interval): FieldError | undefined {
  if (!isForwards) return { field: 'since', message: 'must be before until, which is now unless given' };
  if (count > MOST_INTERVALS)
    return { field: 'since', message: `must be at most ${MOST_INTERVALS} ${interval}s before until` };
  return undefined;
}

/** The start of the interval after one. */
export function endOf(start: Date, interval: Interval): Date {
  return new Date(start.getTime() + LENGTH_MS[interval]);
}
