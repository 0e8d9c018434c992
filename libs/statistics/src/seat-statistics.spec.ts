import { SeatedDatabase } from '../../../test/support/database/seated-database';
import { SeatStatisticsService } from './seat-statistics.service';

describe('the statistics of seats', () => {
  let db: SeatedDatabase;
  let service: SeatStatisticsService;

  beforeEach(async () => {
    db = await SeatedDatabase.start();
    service = new SeatStatisticsService(await db.database.dataSource([]));
  });
  afterEach(() => db.close());

  /** @param columns SQL of (over, lease_ends_at, ended_at) */
  const activation = (license: string, columns: string): Promise<unknown> =>
    db.sql.query(
      `INSERT INTO activations (id, license_id, fp, mode, over, fence, admitted_at, last_seen_at, lease_ends_at, ended_at, ended_by)
       SELECT gen_random_uuid(), $1, sha256(gen_random_uuid()::text::bytea), 'floating', over, 1, now(), now(), lease_ends_at,
              ended_at, CASE WHEN ended_at IS NOT NULL THEN 'released' END
       FROM (VALUES (${columns})) AS given (over, lease_ends_at, ended_at)`,
      [license],
    );
  const day = (license: string, ago: number, counts: string): Promise<unknown> =>
    db.sql.query(
      `INSERT INTO seat_days (license_id, day, peak, admissions, refusals)
       SELECT $1, (now() AT TIME ZONE 'UTC')::date - $2::integer, ${counts}`,
      [license, ago],
    );
  const LIVE = `now() + interval '1 hour'`;
  const NEVER = 'NULL::timestamptz';

  it('count who holds a seat now, of one license and of all', async () => {
    const [one, other] = [await db.license(), await db.license()];
    await activation(one, `false, ${LIVE}, ${NEVER}`);
    await activation(one, `true, ${LIVE}, ${NEVER}`);
    await activation(one, `true, now() - interval '1 s', ${NEVER}`);
    await activation(one, `true, ${LIVE}, now()`);
    await activation(other, `false, ${LIVE}, ${NEVER}`);
    expect(await service.read(one)).toEqual({
      ...{ license_id: one, live: 2, over: 1, days: [] },
      generated_at: expect.any(Date),
    });
    expect(await service.read(null)).toMatchObject({ license_id: null, live: 3, over: 1 });
  });

  it('add up the last 30 days, the latest first', async () => {
    const [one, other] = [await db.license(), await db.license()];
    await day(one, 0, '3, 10, 2');
    await day(one, 29, '5, 1, 0');
    await day(one, 30, '5, 1, 0');
    await day(other, 0, '4, 1, 1');
    const { days } = await service.read(one);
    expect(days).toMatchObject([
      { peak: 3, admissions: 10, refusals: 2 },
      { peak: 5, admissions: 1, refusals: 0 },
    ]);
    expect(days[0]!.day).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(days[0]!.day > days[1]!.day).toBe(true);
    expect((await service.read(null)).days).toMatchObject([
      { peak: 4, admissions: 11, refusals: 3 },
      { peak: 5, admissions: 1, refusals: 0 },
    ]);
  });

  it('of a license that never counted seats say zero', async () => {
    expect(await service.read('00000000-0000-4000-8000-000000000000')).toMatchObject({ live: 0, days: [] });
  });
});
