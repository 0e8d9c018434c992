import type { Admissions } from './admissions';
import type { Verdict } from '@aegis/license-token';
import {
  act,
  application,
  fingerprints,
  mostAtATime,
  SeatedDatabase,
  VALID,
} from '../../../../test/support/database/seated-database';
import { until } from '../../../../test/support/until';
import { Heartbeats } from '../leases/heartbeats';
import { SeatDays } from './seat-days';
import type { DataSource } from 'typeorm';

const CLIENTS = 64;
const codeOf = (error: unknown): string => (error as { code: string }).code;
const ROUNDS = 6;

describe('admissions of two servers at once', () => {
  let db: SeatedDatabase;
  let servers: Admissions<unknown>[];
  let dataSource: DataSource;

  beforeAll(async () => {
    db = await SeatedDatabase.start();
    const started = await Promise.all([db.admissions(), db.admissions()]);
    servers = started.map(({ admissions }) => admissions);
    dataSource = started[0].dataSource;
  });
  afterAll(() => db.close());

  type Ask = (fingerprint: string) => Partial<Parameters<typeof application>[2]>;

  /** What each fingerprint was answered: an id, or the code of a refusal. */
  const admitAll = (licenseId: string, asking: readonly string[], ask: Ask = () => ({})): Promise<string[]> =>
    Promise.all(
      asking.map((fingerprint, index) =>
        servers[index % servers.length]!.admit(application(licenseId, fingerprint, ask(fingerprint))).then(
          ({ row }) => row.id,
          codeOf,
        ),
      ),
    );
  const admit = (
    licenseId: string,
    fingerprint: string,
    changes = {},
  ): ReturnType<Admissions<unknown>['admit']> =>
    servers[0]!.admit(application(licenseId, fingerprint, changes));
  const count = (answers: readonly string[], code: string): number =>
    answers.filter((answer) => answer === code).length;

  /** How many transactions have written something: what was given an id. */
  const transactions = async (): Promise<number> => {
    const { rows } = await db.sql.query<{ next: string }>(
      'SELECT pg_snapshot_xmax(pg_current_snapshot()) AS next',
    );
    return Number(rows[0]?.next);
  };

  /** How many sessions wait for a lock. */
  const waiting = async (): Promise<number> => {
    const { rows } = await db.sql.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return rows.length;
  };
  const somebodyWaits = async (): Promise<boolean> => (await waiting()) > 0;

  /** A heartbeat that has renewed the lease, and whose transaction is still open. */
  async function heldHeartbeat(
    id: string,
  ): Promise<{ commit: () => Promise<void>; undo: () => Promise<void> }> {
    const client = await db.connect();
    await client.query('BEGIN');
    await client.query(
      `UPDATE activations SET lease_ends_at = clock_timestamp() + interval '10 minutes' WHERE id = $1`,
      [id],
    );
    const end = async (how: string): Promise<void> => {
      await client.query(how);
      await client.end();
    };
    return { commit: () => end('COMMIT'), undo: () => end('ROLLBACK') };
  }
  it('give exactly as many seats as there are, round after round', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const license = await db.license();
      const answers = await admitAll(license, fingerprints(CLIENTS));
      expect(count(answers, 'seats_exhausted')).toBe(CLIENTS - 5);
      const activations = await db.activations(license);
      expect(activations.map(({ id }) => id).sort()).toEqual(
        answers.filter((answer) => answer !== 'seats_exhausted').sort(),
      );
      expect(activations).toHaveLength(5);
      expect(await db.seats(license, 'open')).toBe(5);
      expect(new Set(activations.map(({ fence }) => fence)).size).toBe(5);
    }
  });

  it('leave a record of each admission, and of the refusals of an hour the first', async () => {
    const license = await db.license({ max: 2 });
    await admitAll(license, fingerprints(CLIENTS));
    expect((await db.records(license)).sort()).toEqual([
      'activation.admitted',
      'activation.admitted',
      'activation.refused seats_exhausted',
    ]);
    await db.sql.query(
      `UPDATE license_seats SET refusal_recorded_at = refusal_recorded_at - interval '1 hour' WHERE license_id = $1`,
      [license],
    );
    await admitAll(license, fingerprints(3));
    expect(await db.records(license)).toHaveLength(4);
  });

  it('mark nobody as beyond the maximum because of seats whose lease is over', async () => {
    const license = await db.license({ max: 2, overage: 2 });
    await admitAll(license, fingerprints(2));
    await db.shortenLeases(license, -1_000);
    const { row } = await admit(license, 'later');
    expect(row).toMatchObject({ over: false });
    expect(await db.seats(license, 'open')).toBe(1);
  });

  it('count by day who came, who was refused, and how many there were at most', async () => {
    const license = await db.license({ max: 3 });
    const days = async (): Promise<unknown[]> => {
      const { rows } = await db.sql.query<object>(
        `SELECT day = (now() AT TIME ZONE 'UTC')::date AS today, peak, admissions::int, refusals::int
         FROM seat_days WHERE license_id = $1`,
        [license],
      );
      return rows;
    };
    expect(await days()).toEqual([]);
    const { row } = await admit(license, 'first');
    await admit(license, 'first');
    await admit(license, 'second');
    await servers[0]!.release(act(license), row.id);
    const { row: second } = await admit(license, 'second');
    await servers[0]!.release(act(license), second.id);
    await admit(license, 'third');
    expect(await days()).toEqual([{ today: true, peak: 2, admissions: 3, refusals: 0 }]);
    await admitAll(license, fingerprints(5));
    expect(await days()).toEqual([{ today: true, peak: 3, admissions: 5, refusals: 3 }]);
    // What was written in the middle of a transaction is not written again at its end.
    await dataSource.transaction(async (tx) => {
      const counted = new SeatDays();
      counted.admitted(license, new Date(), 2);
      await counted.flush(tx);
      await counted.flush(tx);
    });
    expect(await days()).toMatchObject([{ admissions: 6 }]);
  });

  it('mark those beyond the maximum', async () => {
    const license = await db.license({ overage: 2 });
    expect(count(await admitAll(license, fingerprints(CLIENTS)), 'seats_exhausted')).toBe(CLIENTS - 7);
    expect((await db.activations(license)).map(({ over }) => over)).toEqual([
      ...[false, false, false, false, false],
      ...[true, true],
    ]);
  });

  it('give one fingerprint one seat, however often it asks', async () => {
    const license = await db.license({ max: 1 });
    const answers = await admitAll(
      license,
      Array.from({ length: CLIENTS }, () => 'the only one'),
    );
    expect(new Set(answers).size).toBe(1);
    expect(await db.activations(license)).toHaveLength(1);
  });

  it('spread over many licenses, give each its seat', async () => {
    const licenses = await Promise.all(Array.from({ length: 30 }, () => db.license({ max: 1 })));
    const given = await Promise.all(
      licenses.flatMap((license) => [admitAll(license, fingerprints(2)), admitAll(license, fingerprints(1))]),
    );
    expect(count(given.flat(), 'seats_exhausted')).toBe(60);
    for (const license of licenses) expect(await db.seats(license, 'open')).toBe(1);
  });

  it('limit the different fingerprints within 30 days, also by takeovers', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const license = await db.license({ take_over: true, moves_per_30_days: 3 });
      const answers = await admitAll(license, fingerprints(CLIENTS), () => ({ takeOver: 'oldest' }));
      expect(count(answers, 'moves_exhausted')).toBe(CLIENTS - 8);
      const activations = await db.activations(license);
      expect(activations.filter(({ ended_at }) => ended_at === null)).toHaveLength(5);
      expect(activations.filter(({ ended_by }) => ended_by === 'taken_over')).toHaveLength(3);
      expect(mostAtATime(activations)).toBeLessThanOrEqual(5);
      expect(await db.seats(license, 'open')).toBe(5);
    }
  });

  it('count the fingerprints of 30 days again when the limit seems reached', async () => {
    const license = await db.license({ mode: 'fixed', max: 1, moves_per_30_days: 1 });
    const [first, second, third] = fingerprints(3) as [string, string, string];
    for (const fingerprint of [first, second]) {
      const { row } = await admit(license, fingerprint);
      await servers[0]!.release(act(license), row.id);
    }
    await expect(admit(license, third)).rejects.toMatchObject({ code: 'moves_exhausted' });
    const { row } = await admit(license, first);
    await servers[0]!.release(act(license), row.id);
    // The second has come 30 days ago by now; the first came back since.
    await db.sql.query(
      `UPDATE activations SET admitted_at = admitted_at - interval '30 days' WHERE license_id = $1 AND id <> $2`,
      [license, row.id],
    );
    await db.sql.query(
      `UPDATE license_seats SET newcomers_fewer_at = clock_timestamp() WHERE license_id = $1`,
      [license],
    );
    await expect(admit(license, third)).resolves.toMatchObject({ isNew: true });
    expect(await db.seats(license, 'newcomers')).toBe(2);
  });

  it('in one transaction take over those that it admitted before', async () => {
    const license = await db.license({ max: 1, take_over: true, moves_per_30_days: 9 });
    await admit(license, 'holder');
    const asking = fingerprints(3);
    const answers = await Promise.all(
      asking.map((fingerprint) => admit(license, fingerprint, { takeOver: 'oldest' })),
    );
    expect(answers.map(({ isNew }) => isNew)).toEqual([true, true, true]);
    expect((await db.activations(license)).map(({ ended_by }) => ended_by)).toEqual([
      ...['taken_over', 'taken_over', 'taken_over'],
      null,
    ]);
  });

  it('take over the one that was least recently seen, not the one that came first', async () => {
    const license = await db.license({ max: 2, take_over: true, moves_per_30_days: 9 });
    const [first, second, third, fourth] = fingerprints(4) as [string, string, string, string];
    const { row: early } = await admit(license, first);
    const { row: late } = await admit(license, second);
    await db.sql.query(
      `UPDATE activations SET last_seen_at = last_seen_at - interval '1 minute' WHERE id = $1`,
      [late.id],
    );
    await expect(admit(license, third)).rejects.toMatchObject({
      members: { limit: 2, in_use: 2, holders: [{ id: late.id }, { id: early.id }] },
    });
    const { row } = await admit(license, third, { takeOver: 'oldest' });
    expect(row.id).not.toBe(late.id);
    expect(await db.activations(license)).toMatchObject([
      { id: early.id, ended_by: null },
      { id: late.id, ended_by: 'taken_over' },
      { id: row.id, ended_by: null },
    ]);
    expect(await db.records(license)).toContain('activation.taken_over');
    await expect(admit(license, fourth, { takeOver: late.id })).rejects.toMatchObject({
      code: 'seats_exhausted',
    });
    await admit(license, fourth, { takeOver: early.id });
    expect((await db.activations(license))[0]).toMatchObject({ id: early.id, ended_by: 'taken_over' });
  });

  it('of one license share one connection while they wait, and hold up no other license', async () => {
    const [license, other] = [await db.license(), await db.license()];
    const client = await db.connect();
    await client.query('BEGIN');
    await client.query('SELECT FROM license_seats WHERE license_id = $1 FOR UPDATE', [license]);
    const answers = Promise.all(
      fingerprints(CLIENTS).map((fingerprint) => admit(license, fingerprint).then(() => 'admitted', codeOf)),
    );
    const others = fingerprints(3).map((fingerprint) => admit(other, fingerprint));
    await until('one of them waits', somebodyWaits);
    expect(await Promise.all(others)).toHaveLength(3);
    expect(await waiting()).toBe(1);
    await client.query('ROLLBACK');
    await client.end();
    expect(count(await answers, 'admitted')).toBe(5);
  });

  it('wait for no lock of the license, which is taken before that of its seats', async () => {
    const license = await db.license({ max: 1, take_over: true, moves_per_30_days: 1 });
    await admit(license, 'holder');
    await db.shortenLeases(license, -1);
    const client = await db.connect();
    await client.query('BEGIN');
    await client.query('SELECT FROM licenses WHERE id = $1 FOR UPDATE', [license]);
    const asking = fingerprints(3);
    const answers = await admitAll(license, asking, () => ({ takeOver: 'oldest' }));
    expect(count(answers, 'moves_exhausted')).toBe(2);
    await client.query('ROLLBACK');
    await client.end();
  });

  it('of a token that is not valid give nothing, and say why', async () => {
    const verdict: Verdict = { ...VALID, valid: false, code: 'SUSPENDED' };
    const { admissions } = await db.admissions((_tx, presented) =>
      Promise.resolve(presented.map(() => ({ verdict, licenseToken: null }))),
    );
    const license = await db.license();
    await expect(admissions.admit(application(license, 'a'))).rejects.toMatchObject({
      code: 'license_not_valid',
      members: { verdict },
    });
    expect(await db.activations(license)).toEqual([]);
  });

  it.each([
    ['never were', `DELETE FROM license_seats WHERE license_id = $1`],
    ['no longer are', `UPDATE license_seats SET counted = false WHERE license_id = $1`],
  ])('of a license whose seats %s counted say so', async (_what, statement) => {
    const license = await db.license();
    await db.sql.query(statement, [license]);
    await expect(admit(license, 'a')).rejects.toMatchObject({ code: 'seats_not_counted' });
  });

  describe('with leases that end', () => {
    it('reuse a seat only by writing the end of its lease', async () => {
      const license = await db.license({ max: 2 });
      await admitAll(license, fingerprints(2));
      await db.shortenLeases(license, -1);
      const answers = await admitAll(license, fingerprints(CLIENTS));
      expect(count(answers, 'seats_exhausted')).toBe(CLIENTS - 2);
      const activations = await db.activations(license);
      expect(mostAtATime(activations)).toBe(2);
      for (const { ended_by, ended_at, lease_ends_at } of activations.slice(0, 2))
        expect({ ended_by, ended_at }).toEqual({ ended_by: 'lease', ended_at: lease_ends_at });
      expect((await db.records(license)).filter((said) => said === 'activation.ended lease')).toHaveLength(2);
    });

    it('never give more seats than there are while they end one after the other', async () => {
      const license = await db.license();
      await admitAll(license, fingerprints(5));
      for (let round = 0; round < ROUNDS; round += 1) {
        const live = (await db.activations(license)).filter(({ ended_at }) => ended_at === null);
        for (const [index, { id }] of live.entries()) await db.shortenLeases(license, index * 3, [id]);
        await admitAll(license, fingerprints(CLIENTS));
        await admitAll(license, fingerprints(CLIENTS));
      }
      const activations = await db.activations(license);
      expect(mostAtATime(activations)).toBeLessThanOrEqual(5);
      expect(await db.seats(license, 'open')).toBe(
        activations.filter(({ ended_at }) => ended_at === null).length,
      );
    });

    it('give the fingerprint whose lease is over another activation', async () => {
      const license = await db.license({ max: 1 });
      const { row: before } = await admit(license, 'sleeper');
      await db.shortenLeases(license, -1);
      const { row, isNew } = await admit(license, 'sleeper');
      expect([isNew, row.id === before.id]).toEqual([true, false]);
      expect(await db.activations(license)).toMatchObject([{ ended_by: 'lease' }, { ended_by: null }]);
    });

    it.each([
      ['commits', 'seats_exhausted'],
      ['is undone', 'admitted'],
    ])('wait for a heartbeat that is held over the end: it %s', async (_how, expected) => {
      const license = await db.license({ max: 1 });
      const { row } = await admit(license, 'holder');
      const before = Date.now();
      await db.shortenLeases(license, 20);
      const heartbeat = await heldHeartbeat(row.id);
      await until('the lease is over', () => Promise.resolve(Date.now() > before + 100));
      const [newcomer] = fingerprints(1) as [string];
      const admission = admit(license, newcomer).then(() => 'admitted', codeOf);
      await until('the admission waits', somebodyWaits);
      await (expected === 'admitted' ? heartbeat.undo() : heartbeat.commit());
      expect(await admission).toBe(expected);
      expect(mostAtATime(await db.activations(license))).toBe(1);
    });

    it('read the clock when they have the lock, not when they began to wait for it', async () => {
      const license = await db.license({ max: 1 });
      await admit(license, 'holder');
      const client = await db.connect();
      await client.query('BEGIN');
      await client.query('SELECT FROM license_seats WHERE license_id = $1 FOR UPDATE', [license]);
      const admission = admit(license, 'newcomer');
      await until('the admission waits', somebodyWaits);
      await client.query(
        `WITH over AS (UPDATE activations SET lease_ends_at = clock_timestamp() WHERE license_id = $1 RETURNING lease_ends_at)
         UPDATE license_seats SET no_lapse_before = (SELECT lease_ends_at FROM over) WHERE license_id = $1`,
        [license],
      );
      await client.query('COMMIT');
      await client.end();
      expect(await admission).toMatchObject({ isNew: true });
    });

    it('renew the lease of their own fingerprint, which never shrinks', async () => {
      const license = await db.license({ lease_seconds: 600 });
      const { row: before } = await admit(license, 'patient');
      await db.sql.query('UPDATE license_seats SET lease_seconds = 60 WHERE license_id = $1', [license]);
      const { row, isNew } = await admit(license, 'patient');
      expect([isNew, row.id]).toEqual([false, before.id]);
      expect(row.lease_ends_at).toEqual(before.lease_ends_at);
      await db.sql.query('UPDATE license_seats SET lease_seconds = 6000 WHERE license_id = $1', [license]);
      const { row: longer } = await admit(license, 'patient');
      expect(longer.lease_ends_at!.getTime()).toBeGreaterThan(row.lease_ends_at!.getTime() + 5_000_000);
    });

    describe('lapses of many licenses', () => {
      const lapsed = async (): Promise<{ license: string; id: string }> => {
        const license = await db.license({ max: 1 });
        const { row } = await admit(license, 'holder');
        await db.shortenLeases(license, -1);
        return { license, id: row.id };
      };

      it('are put on record at once, each once', async () => {
        const all: { license: string; id: string }[] = [];
        for (let n = 0; n < 30; n += 1) all.push(await lapsed());
        const alive = await db.license({ max: 1 });
        const { row: live } = await admit(alive, 'holder');
        const asked = [...all, { license: alive, id: live.id }, { license: alive, id: all[0]!.id }, ...all];
        const before = await transactions();
        const rows = await Promise.all(asked.map(({ license, id }) => servers[0]!.lapse(act(license), id)));
        expect((await transactions()) - before).toBeLessThanOrEqual(2);
        expect(rows.slice(0, 30).map((row) => row?.ended_by)).toEqual(all.map(() => 'lease'));
        expect(rows[30]).toMatchObject({ id: live.id, ended_at: null });
        expect(rows[31]).toBeNull();
        expect(rows.slice(32)).toEqual(rows.slice(0, 30));
        for (const { license } of all) {
          expect(await db.records(license)).toEqual(['activation.admitted', 'activation.ended lease']);
          expect(await db.seats(license, 'open')).toBe(0);
        }
        expect(await db.seats(alive, 'open')).toBe(1);
      });

      it('of one license are put on record in transactions that stay short', async () => {
        const license = await db.license({ max: 1 });
        await db.sql.query(
          `INSERT INTO activations (id, license_id, fp, mode, over, fence, admitted_at, last_seen_at, lease_ends_at)
           SELECT gen_random_uuid(), $1, sha256(n::text::bytea), 'floating', false, n, now() - interval '1 hour', now(),
                  now() - interval '1 minute'
           FROM generate_series(1, 2500) AS n`,
          [license],
        );
        await db.sql.query(
          `UPDATE license_seats SET open = 2500, no_lapse_before = now() - interval '1 hour' WHERE license_id = $1`,
          [license],
        );
        expect(await admit(license, 'newcomer')).toMatchObject({ isNew: true });
        const { rows } = await db.sql.query(
          `SELECT count(*)::int AS lapsed FROM activations WHERE license_id = $1 AND ended_by = 'lease'
           GROUP BY xmin ORDER BY 1`,
          [license],
        );
        expect(rows).toEqual([{ lapsed: 500 }, { lapsed: 1000 }, { lapsed: 1000 }]);
        expect(await db.seats(license, 'open')).toBe(1);
      });

      it('do not wait for a license that somebody has locked', async () => {
        const [locked, free] = [await lapsed(), await lapsed()];
        const client = await db.connect();
        await client.query('BEGIN');
        await client.query('SELECT FROM license_seats WHERE license_id = $1 FOR UPDATE', [locked.license]);
        const late = servers[0]!.lapse(act(locked.license), locked.id);
        expect(await servers[0]!.lapse(act(free.license), free.id)).toMatchObject({ ended_by: 'lease' });
        await client.query('ROLLBACK');
        await client.end();
        expect(await late).toMatchObject({ id: locked.id, ended_by: 'lease' });
      });
    });

    describe('heartbeats', () => {
      const beat = (activationId: string): Parameters<Heartbeats['renew']>[0] => ({
        activationId,
        withToken: false,
        leaseSeconds: 600,
        offlineDays: 30,
      });

      it('renew many leases at once, and those that are over not', async () => {
        const heartbeats = new Heartbeats(dataSource);
        const license = await db.license({ max: 40 });
        const given = await Promise.all(fingerprints(40).map((fingerprint) => admit(license, fingerprint)));
        const ids = given.map(({ row }) => row.id);
        await db.shortenLeases(license, 300_000);
        await db.shortenLeases(license, -1, ids.slice(0, 10));
        const renewed = await Promise.all(ids.map((id) => heartbeats.renew(beat(id))));
        expect(renewed.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => null));
        const after = await db.activations(license);
        for (const row of renewed)
          if (row !== null) expect(row.lease_ends_at!.getTime()).toBe(row.last_seen_at.getTime() + 600_000);
        expect(after.filter(({ ended_at }) => ended_at !== null)).toEqual([]);
      });

      it('do not shrink a lease', async () => {
        const heartbeats = new Heartbeats(dataSource);
        const license = await db.license();
        const { row } = await admit(license, 'a');
        const renewed = await heartbeats.renew({ ...beat(row.id), leaseSeconds: 60 });
        expect(renewed?.lease_ends_at).toEqual(row.lease_ends_at);
      });

      it('do not wait for a row that somebody has locked; that heartbeat waits alone, and reads the clock then', async () => {
        const heartbeats = new Heartbeats(dataSource);
        const license = await db.license();
        const { row: held } = await admit(license, 'held');
        const { row: other } = await admit(license, 'other');
        const client = await db.connect();
        await client.query('BEGIN');
        await client.query('SELECT FROM activations WHERE id = $1 FOR UPDATE', [held.id]);
        const [alone, atOnce] = [heartbeats.renew(beat(held.id)), heartbeats.renew(beat(other.id))];
        expect(await atOnce).toMatchObject({ id: other.id });
        await until('the heartbeat waits', somebodyWaits);
        await client.query('UPDATE activations SET lease_ends_at = clock_timestamp() WHERE id = $1', [
          held.id,
        ]);
        await client.query('COMMIT');
        await client.end();
        expect(await alone).toBeNull();
      });

      it('of an activation that was renewed while they waited, renew it again', async () => {
        const heartbeats = new Heartbeats(dataSource);
        const license = await db.license({ max: 1 });
        const { row } = await admit(license, 'holder');
        const before = Date.now();
        await db.shortenLeases(license, 20);
        const other = await heldHeartbeat(row.id);
        const alone = heartbeats.renew(beat(row.id));
        await until('the heartbeat waits', somebodyWaits);
        await until('the lease would be over', () => Promise.resolve(Date.now() > before + 100));
        await other.commit();
        expect(await alone).toMatchObject({ id: row.id });
      });

      it('change no index, so that their rows stay in their pages (HOT)', async () => {
        const heartbeats = new Heartbeats(dataSource);
        const license = await db.license();
        const { row } = await admit(license, 'hot');
        const updates = async (): Promise<{ all: number; hot: number }> => {
          await db.sql.query('SELECT pg_stat_force_next_flush(), pg_stat_clear_snapshot()');
          const { rows } = await db.sql.query<{ all: number; hot: number }>(
            `SELECT n_tup_upd::integer AS "all", n_tup_hot_upd::integer AS hot FROM pg_stat_user_tables WHERE relname = 'activations'`,
          );
          return rows[0]!;
        };
        await dataSource.query('SELECT pg_stat_force_next_flush()');
        const before = await updates();
        for (let n = 0; n < 20; n += 1) await heartbeats.renew(beat(row.id));
        await until('they are counted', async () => {
          await dataSource.query('SELECT pg_stat_force_next_flush()');
          return (await updates()).all >= before.all + 20;
        });
        const after = await updates();
        // A page that is full is left once.
        expect(after.hot - before.hot).toBeGreaterThanOrEqual(after.all - before.all - 1);
      });
    });

    it('put the lapse of an activation that was found on record, with its true end, once', async () => {
      const license = await db.license();
      const { row } = await admit(license, 'lapsed');
      expect(await servers[0]!.lapse(act(license), row.id)).toMatchObject({ ended_at: null });
      await db.shortenLeases(license, -5_000);
      await Promise.all(servers.map((server) => server.lapse(act(license), row.id)));
      const [activation] = await db.activations(license);
      expect(activation).toMatchObject({ ended_by: 'lease', ended_at: activation!.lease_ends_at });
      expect(await db.seats(license, 'open')).toBe(0);
      expect(await db.records(license)).toEqual(['activation.admitted', 'activation.ended lease']);
    });
  });

  describe('and ends', () => {
    it('give a seat back once, however often it is released', async () => {
      const license = await db.license({ max: 1 });
      const { row } = await admit(license, 'a');
      const released = await Promise.all(
        Array.from({ length: 8 }, (_, index) => servers[index % 2]!.release(act(license), row.id)),
      );
      expect(released.map((one) => one?.ended_by)).toEqual(Array.from({ length: 8 }, () => 'released'));
      expect(await db.seats(license, 'open')).toBe(0);
      expect(await db.records(license)).toEqual(['activation.admitted', 'activation.ended released']);
      await expect(admit(license, 'b')).resolves.toMatchObject({ isNew: true });
    });

    it('of an activation of another license change nothing', async () => {
      const [license, other] = [await db.license(), await db.license()];
      const { row } = await admit(license, 'a');
      expect(await servers[0]!.release(act(other), row.id)).toBeNull();
      expect(await servers[0]!.end(act(other), row.id, 'a reason')).toBeNull();
      expect(await db.activations(license)).toMatchObject([{ ended_at: null }]);
    });

    it('by the vendor are on record with their reason', async () => {
      const license = await db.license();
      const { row } = await admit(license, 'a');
      expect(await servers[0]!.end(act(license), row.id, 'stolen')).toMatchObject({ ended_by: 'ended' });
      const { rows } = await db.sql.query<object>(
        `SELECT ended_reason, event_data ->> 'reason' AS recorded FROM activations
         JOIN audit_logs ON event_data ->> 'activation_id' = activations.id::text AND event_type = 'activation.ended'
         WHERE activations.id = $1`,
        [row.id],
      );
      expect(rows).toEqual([{ ended_reason: 'stolen', recorded: 'stolen' }]);
    });

    it('of a lease that is over say that it lapsed, when it did', async () => {
      const license = await db.license();
      const { row } = await admit(license, 'a');
      await db.shortenLeases(license, -5_000);
      expect(await servers[0]!.release(act(license), row.id)).toMatchObject({ ended_by: 'lease' });
    });

    it('leave what an offline file holds to the vendor', async () => {
      const license = await db.license({ mode: 'fixed', max: 1, take_over: true, moves_per_30_days: 9 });
      const { row } = await admit(license, 'a');
      await db.sql.query(
        `UPDATE activations SET offline_until = clock_timestamp() + interval '1 day' WHERE id = $1`,
        [row.id],
      );
      expect(await servers[0]!.release(act(license), row.id)).toMatchObject({ ended_at: null });
      await expect(admit(license, 'b', { takeOver: 'oldest' })).rejects.toMatchObject({
        members: { holders: [] },
      });
      await expect(admit(license, 'b', { takeOver: row.id })).rejects.toMatchObject({
        code: 'seats_exhausted',
      });
      expect(await servers[0]!.end(act(license), row.id, 'lost')).toMatchObject({ ended_by: 'ended' });
    });
  });
});
