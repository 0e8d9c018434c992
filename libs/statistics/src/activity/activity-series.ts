import { readUpToDate } from '@aegis/replicas';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ACTIVITIES, ACTIVITY, type Activity, counterOf, SEATS_IN_USE } from './activity-counters';
import { CountedActivity } from './counted-activity';
import { type AskedRange, endOf, type Interval, startsOf } from './series-range';

/** Numbers of one kind of activity, by what it was: each list has one number for each interval. */
type Numbers = Readonly<Record<string, number[]>>;

/** What happened over time; each list has one number for each of `starts`. */
export type Series = Readonly<Record<Activity, Numbers>> & {
  readonly interval: Interval;
  /** Beginning of each interval, UTC. */
  readonly starts: Date[];
  /** The most seats in use at once; null where they were not counted. */
  readonly seats_in_use: (number | null)[];
  /** The first hour of which anything is on record; null where nothing is. */
  readonly counted_since: Date | null;
  readonly generated_at: Date;
};

interface CountedRow {
  at: Date;
  counter: string;
  count: number;
}

const BOUNDS = `
  SELECT date_trunc('milliseconds', statement_timestamp()) AS now, (SELECT min(hour) FROM activity_counts) AS first`;

const COUNTS = `
  SELECT date_trunc($1, hour, 'UTC') AS at, counter,
         (CASE counter WHEN '${SEATS_IN_USE}' THEN max(count) ELSE sum(count) END)::float8 AS count
  FROM activity_counts WHERE hour >= $2 AND hour < $3 GROUP BY 1, 2`;

/** Reads what happened over time, from counts that are kept by the hour: no license and no audit record is read. */
@Injectable()
export class ActivitySeries {
  constructor(
    private readonly dataSource: DataSource,
    private readonly counted: CountedActivity,
  ) {}

  /**
   * Verdicts, changes of licenses, admissions and seats over time: complete up to the last seconds of other processes. A
   * read replica answers, if it has all that was committed before the call.
   * @throws InvalidInput for a range without an interval, or with too many
   */
  async read(asked: AskedRange): Promise<Series> {
    await this.counted.flush();
    return readUpToDate(this.dataSource, async (on) => {
      const [bounds] = await on.query<{ now: Date; first: Date | null }[]>(BOUNDS);
      if (bounds === undefined) throw new Error('the database did not answer');
      const starts = startsOf(asked, bounds.now);
      const [first, last] = [starts[0], starts.at(-1)];
      if (first === undefined || last === undefined) throw new Error('a series without an interval');
      const rows = await on.query<CountedRow[]>(COUNTS, [asked.interval, first, endOf(last, asked.interval)]);
      return {
        interval: asked.interval,
        starts,
        ...numbersOf(starts, rows),
        counted_since: bounds.first,
        generated_at: bounds.now,
      };
    });
  }
}

function numbersOf(
  starts: readonly Date[],
  rows: readonly CountedRow[],
): Readonly<Record<Activity, Numbers>> & Pick<Series, 'seats_in_use'> {
  const places = new Map(starts.map((start, place) => [start.getTime(), place]));
  const known = new Map<string, (number | null)[]>();
  const listOf = (counter: string): (number | null)[] => {
    const list = known.get(counter) ?? starts.map(() => null);
    known.set(counter, list);
    return list;
  };
  for (const { at, counter, count } of rows) {
    const place = places.get(at.getTime());
    if (place !== undefined) listOf(counter)[place] = count;
  }
  const ofKind = (activity: Activity): Numbers =>
    Object.fromEntries(
      ACTIVITY[activity].values.map((value) => [
        value,
        listOf(counterOf(activity, value)).map((count) => count ?? 0),
      ]),
    );
  const kinds = Object.fromEntries(
    ACTIVITIES.map((activity): [Activity, Numbers] => [activity, ofKind(activity)]),
  ) as Record<Activity, Numbers>;
  return { ...kinds, seats_in_use: listOf(SEATS_IN_USE) };
}
