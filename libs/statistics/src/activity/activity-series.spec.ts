import { Metrics } from '@aegis/metrics';
import type { DataSource } from 'typeorm';
import { SeatedDatabase } from '../../../../test/support/database/seated-database';
import { costOf, statementsOf } from '../../../../test/support/database/explain';
import { jobsOf } from '../../../../test/support/jobs';
import { ACTIVITY } from './activity-counters';
import { ActivitySeries, type Series } from './activity-series';
import { CountedActivity } from './counted-activity';
import { countOldActivity, removeOldActivity } from './old-activity';

describe('series of activity', () => {
  let db: SeatedDatabase;
  let app: DataSource;
  let metrics: Metrics;
  let counted: CountedActivity;
  let series: ActivitySeries;

  beforeEach(async () => {
    db = await SeatedDatabase.start();
    app = await db.database.dataSource([]);
    ({ metrics, counted, series } = aProcess());
  });
  afterEach(() => db.close());

  /** What a server process has of it. */
  function aProcess(): { metrics: Metrics; counted: CountedActivity; series: ActivitySeries } {
    const ofProcess = new Metrics();
    const activity = new CountedActivity(app, ofProcess, jobsOf({ metrics: ofProcess }));
    return { metrics: ofProcess, counted: activity, series: new ActivitySeries(app, activity) };
  }
  /** The increase of a counter, as the code that counts makes it. */
  function count(of: keyof typeof ACTIVITY, value: string, times: number, where = metrics): void {
    const { metric, label } = ACTIVITY[of];
    where.counter({ name: metric, help: 'x', labelNames: [label] }).inc({ [label]: value }, times);
  }
  /** What was counted so many hours before this one. */
  const row = (hoursAgo: number, counter: string, n: number): Promise<unknown> =>
    db.sql.query(
      `INSERT INTO activity_counts (hour, counter, count)
       VALUES (date_trunc('hour', clock_timestamp(), 'UTC') - make_interval(hours => $1), $2, $3)`,
      [hoursAgo, counter, n],
    );
  const rows = async (): Promise<Record<string, number>> =>
    Object.fromEntries(
      (
        await db.sql.query<{ counter: string; n: number }>(
          'SELECT counter, sum(count)::int AS n FROM activity_counts GROUP BY counter',
        )
      ).rows.map(({ counter, n }) => [counter, n]),
    );
  const total = (numbers: readonly (number | null)[]): number =>
    numbers.reduce<number>((sum, number) => sum + (number ?? 0), 0);
  const read = (): Promise<Series> => series.read({ interval: 'hour' });

  it('have what the process counted, each increase once', async () => {
    count('verdicts', 'VALID', 3);
    count('verdicts', 'REVOKED', 1);
    count('licenses', 'issued', 2);
    count('admissions', 'seats_exhausted', 5);
    const first = await read();
    expect(total(first.verdicts.VALID!)).toBe(3);
    count('verdicts', 'VALID', 4);
    await counted.flush();
    const { verdicts, licenses, admissions, starts } = await read();
    expect(starts).toHaveLength(48);
    expect([total(verdicts.VALID!), total(verdicts.REVOKED!), total(verdicts.EXPIRED!)]).toEqual([7, 1, 0]);
    expect([total(licenses.issued!), total(licenses.revoked!)]).toEqual([2, 0]);
    expect([total(admissions.seats_exhausted!), total(admissions.admitted!)]).toEqual([5, 0]);
  });

  it('add up what several processes counted', async () => {
    const other = aProcess();
    count('verdicts', 'VALID', 3);
    count('verdicts', 'VALID', 4, other.metrics);
    await counted.flush();
    await other.counted.flush();
    expect(await rows()).toMatchObject({ 'verdicts.VALID': 7 });
  });

  it('leave out values that nobody knows: they cannot fill the table', async () => {
    count('verdicts', 'MADE_UP', 3);
    await counted.flush();
    expect(Object.keys(await rows())).toEqual(['seats.in_use']);
  });

  it('have later what could not be written', async () => {
    count('verdicts', 'VALID', 3);
    await db.sql.query('ALTER TABLE activity_counts RENAME TO elsewhere');
    await counted.flush();
    await db.sql.query('ALTER TABLE elsewhere RENAME TO activity_counts');
    await counted.flush();
    expect(await rows()).toMatchObject({ 'verdicts.VALID': 3 });
  });

  it('have the numbers of each interval in its place', async () => {
    await row(0, 'verdicts.VALID', 5);
    await row(1, 'verdicts.VALID', 7);
    await row(47, 'verdicts.VALID', 2);
    await row(48, 'verdicts.VALID', 100);
    const { verdicts, starts, counted_since: since } = await read();
    const valid = verdicts.VALID!;
    expect([valid[47], valid[46], valid[0], total(valid)]).toEqual([5, 7, 2, 14]);
    expect(since).toEqual(new Date(starts[0]!.getTime() - 3_600_000));
    const days = await series.read({ interval: 'day', since: since! });
    expect(total(days.verdicts.VALID!)).toBe(114);
    expect(days.starts.every((start) => start.getTime() % 86_400_000 === 0)).toBe(true);
  });

  it('have the greatest number of seats in use, and null where they were not counted', async () => {
    const license = await db.license();
    const activation = (ends: string): Promise<unknown> =>
      db.sql.query(
        `INSERT INTO activations (id, license_id, fp, mode, over, fence, admitted_at, last_seen_at, lease_ends_at)
         VALUES (gen_random_uuid(), $1, sha256(gen_random_uuid()::text::bytea), 'floating', false, 1, now(), now(), ${ends})`,
        [license],
      );
    await activation(`now() + interval '1 hour'`);
    await activation(`now() + interval '1 hour'`);
    await activation(`now() - interval '1 s'`);
    await row(1, 'seats.in_use', 9);
    await row(2, 'seats.in_use', 4);
    const { seats_in_use: seats } = await read();
    expect(seats.slice(-4)).toEqual([null, 4, 9, 2]);
    // Not every time: it reads each activation.
    await activation(`now() + interval '1 hour'`);
    expect((await read()).seats_in_use.at(-1)).toBe(2);
    // Another process counts, and the greater number stays.
    await aProcess().counted.flush();
    expect((await read()).seats_in_use.at(-1)).toBe(3);
    const days = await series.read({ interval: 'day', since: new Date(Date.now() - 5 * 3_600_000) });
    expect(Math.max(...days.seats_in_use.map((seat) => seat ?? 0))).toBe(9);
  });

  it('are kept for 400 days', async () => {
    await row(400 * 24 + 1, 'verdicts.VALID', 1);
    await row(400 * 24 - 1, 'verdicts.VALID', 1);
    expect(await countOldActivity(app)).toBe(1);
    expect(await removeOldActivity(app)).toBe(1);
    expect([await countOldActivity(app), await rows()]).toEqual([0, { 'verdicts.VALID': 1 }]);
  });

  it('of a month read only the rows of that month, however much was counted before', async () => {
    await db.sql.query(
      `INSERT INTO activity_counts (hour, counter, count)
       SELECT date_trunc('hour', clock_timestamp(), 'UTC') - make_interval(hours => h), 'verdicts.' || code, 1
       FROM generate_series(0, 400 * 24 - 1) AS h, unnest($1::text[]) AS code`,
      [ACTIVITY.verdicts.values],
    );
    await db.sql.query('VACUUM ANALYZE activity_counts');
    const statements = await statementsOf(() => series.read({ interval: 'day' }));
    const reading = statements.filter(({ text }) => text.includes('FROM activity_counts'));
    const costs = await Promise.all(reading.map((statement) => costOf(app, statement)));
    expect(costs.map(({ indexes }) => indexes)).toEqual([
      expect.arrayContaining(['activity_counts_pkey']),
      expect.arrayContaining(['activity_counts_pkey']),
    ]);
    const { rows: sizes } = await db.sql.query<{ pages: number }>(
      `SELECT (pg_relation_size('activity_counts') / 8192)::int AS pages`,
    );
    expect(sizes[0]!.pages).toBeGreaterThan(1000);
    expect(costs.reduce((sum, { pages }) => sum + pages, 0)).toBeLessThan(400);
    expect(
      new Set(
        statements.flatMap(({ text }) =>
          [...text.matchAll(/(?:FROM|INTO) (\w+)/g)].map(([, table]) => table),
        ),
      ),
    ).toEqual(new Set(['activity_counts', 'activations', 'unnest']));
  });
});
