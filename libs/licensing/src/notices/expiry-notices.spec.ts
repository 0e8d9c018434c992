import { AuditLog } from '@aegis/audit';
import { Environment } from '@aegis/config';
import type { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { type TestDatabase, testDatabase } from '../../../../test/support/database/database';
import { insertLicenseRows, insertRowKey } from '../../../../test/support/database/license-rows';
import { superuserOf, untilBlocked } from '../../../../test/support/database/sql';
import { jobsOf } from '../../../../test/support/jobs';
import { ExpiryNotices } from './expiry-notices';

const always = (): boolean => true;

describe('notices of the end of licenses', () => {
  let database: TestDatabase;
  let sql: Client;
  let notices: ExpiryNotices;
  let dataSource: DataSource;

  beforeEach(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([]);
    sql = await superuserOf({ database });
    await insertRowKey(sql);
    await sql.query(`INSERT INTO customers (id, name) VALUES ('acme', 'Acme Corporation')`);
    notices = server();
    // As if the job had run for years.
    await sql.query(
      `UPDATE expiry_notice_progress SET begun_at = now() - interval '9 years', done_until = now()`,
    );
  });
  afterEach(async () => {
    await sql.end();
    await database.drop();
  });

  /** The job of one server. */
  function server(settings: Partial<Environment> = {}, on = dataSource): ExpiryNotices {
    const environment = Object.assign(new Environment(), {
      EXPIRY_NOTICE_DAYS: ['30', '14', '7', '1'],
      ...settings,
    });
    return new ExpiryNotices(on, new AuditLog(), environment, jobsOf());
  }

  /** A license that was issued years ago. @param end SQL of its end */
  async function license(end: string, columns: Record<string, string> = {}): Promise<string> {
    const { type = `'subscription'`, status = `'active'`, grace = '0' } = columns;
    const { rows } = await sql.query<{ id: string }>(
      `${insertLicenseRows(
        `SELECT 'acme' AS customer_id, ${type} AS license_type, ${status} AS status, (${end})::timestamptz AS expires_at`,
      )} RETURNING id`,
    );
    const id = rows[0]!.id;
    await sql.query(
      `UPDATE licenses SET created_at = now() - interval '3 years', grace_days = ${grace} WHERE id = $1`,
      [id],
    );
    return id;
  }

  /** As if `time` had passed without the job: every moment that counts is so much earlier. */
  async function pass(time: string): Promise<void> {
    await sql.query('ALTER TABLE licenses DISABLE TRIGGER expiry_notices_keep_silent');
    await sql.query(
      `UPDATE licenses SET expires_at = expires_at - $1::interval, created_at = created_at - $1::interval`,
      [time],
    );
    await sql.query('ALTER TABLE licenses ENABLE TRIGGER expiry_notices_keep_silent');
    await sql.query(
      `UPDATE expiry_notices SET silent_until = silent_until - $1::interval, expires_at = expires_at - $1::interval`,
      [time],
    );
    await sql.query(
      `UPDATE expiry_notice_progress SET begun_at = begun_at - $1::interval, done_until = done_until - $1::interval`,
      [time],
    );
  }

  const run = (job = notices): Promise<number> => job.run(always);

  /** Lets days pass, one by one, with a run after each. */
  async function live(days: number): Promise<void> {
    for (let day = 0; day < days; day += 1) {
      await pass('24 hours');
      await run();
    }
  }

  /** What was recorded of a license. */
  async function given(id: string): Promise<string[]> {
    const { rows } = await sql.query<{ said: string }>(
      `SELECT substr(event_type, 9) || coalesce(' ' || (event_data ->> 'days'), '') AS said
       FROM audit_logs WHERE license_id = $1 ORDER BY id`,
      [id],
    );
    return rows.map(({ said }) => said);
  }

  it('are given at each number of days once, and at the end', async () => {
    const id = await license(`now() + interval '40 days 12 hours'`);
    await live(42);
    expect(await given(id)).toEqual(['expiring 30', 'expiring 14', 'expiring 7', 'expiring 1', 'expired']);
    expect(await run()).toBe(0);
  });

  it('say when the license ends, and are the act of the server itself', async () => {
    const id = await license(`now() + interval '7 days 1 second'`, { grace: '5' });
    await pass('2 seconds');
    await run();
    await pass('7 days');
    await run();
    await pass('5 days');
    await run();
    const { rows } = await sql.query<Record<string, unknown>>(
      `SELECT event_type, actor, customer_id, module_name, license_id, event_data FROM audit_logs ORDER BY id`,
    );
    const about = { actor: 'system', customer_id: 'acme', module_name: 'payroll', license_id: id };
    const { rows: ends } = await sql.query<{ expires_at: Date }>(`SELECT expires_at FROM licenses`);
    const at = (days: number): string =>
      new Date(ends[0]!.expires_at.getTime() + days * 86_400_000).toISOString();
    expect(rows).toEqual([
      {
        event_type: 'license.expiring',
        ...about,
        event_data: { expires_at: at(12), grace_until: at(17), days: 7 },
      },
      { event_type: 'license.in_grace', ...about, event_data: { expires_at: at(5), grace_until: at(10) } },
      { event_type: 'license.expired', ...about, event_data: { expires_at: at(0), grace_until: at(5) } },
    ]);
    expect(await given(await license(`now() - interval '1 second'`))).toEqual([]);
  });

  it('are given from exactly the moment on', async () => {
    // Neither the job's clock nor that of a statement can be stopped: the window is compared instead.
    const { rows } = await sql.query<{ until: Date }>(
      `SELECT date_trunc('milliseconds', clock_timestamp()) AS until`,
    );
    const until = rows[0]!.until;
    const at = (ms: number): string => `'${new Date(until.getTime() + ms).toISOString()}'::timestamptz`;
    const exactly = await license(`${at(0)} + interval '168 hours'`);
    const later = await license(`${at(1)} + interval '168 hours'`);
    const ended = await license(at(0));
    const lasting = await license(at(1));
    const graceOver = await license(`${at(0)} - interval '48 hours'`, { grace: '2' });
    const inGrace = await license(`${at(1)} - interval '48 hours'`, { grace: '2' });
    const atIssue = await license(`${at(-30_000)} + interval '168 hours'`);
    await sql.query(`UPDATE licenses SET created_at = ${at(-30_000)} WHERE id = $1`, [atIssue]);
    const afterIssue = await license(`${at(-30_000)} + interval '168 hours'`);
    await sql.query(`UPDATE licenses SET created_at = ${at(-30_001)} WHERE id = $1`, [afterIssue]);
    const fixed: DataSource = Object.create(dataSource, {
      query: {
        value: async (text: string, parameters?: unknown[]) =>
          text.includes('FROM expiry_notice_progress')
            ? [{ from: new Date(until.getTime() - 60_000), until }]
            : dataSource.query<unknown>(text, parameters),
      },
    }) as DataSource;
    await run(server({}, fixed));
    const said = [];
    for (const id of [exactly, later, ended, lasting, graceOver, inGrace]) said.push(await given(id));
    expect(said).toEqual([['expiring 7'], [], ['expired'], [], ['expired'], []]);
    expect(await given(atIssue)).toEqual([]);
    expect(await given(afterIssue)).toEqual(['expiring 7']);
  });

  it('have one of grace where there is grace, and the last one when it is over', async () => {
    const id = await license(`now() + interval '1 day 12 hours'`, { grace: '3' });
    await live(6);
    expect(await given(id)).toEqual(['expiring 1', 'in_grace', 'expired']);
  });

  it.each([
    ['two thresholds', '25 days', ['expiring 7']],
    ['all thresholds', '31 days 1 hour', ['expiring 1']],
    ['the end', '33 days', ['in_grace']],
    ['the end of grace', '50 days', ['expired']],
    ['years', '900 days', ['expired']],
  ])('after a time without the job are only the nearest: %s', async (_, time, expected) => {
    const id = await license(`now() + interval '32 days'`, { grace: '5' });
    await pass(time);
    await run();
    expect(await given(id)).toEqual(expected);
    expect(await run()).toBe(0);
  });

  it('begin again when a license gets another end, and then only with what is ahead', async () => {
    const id = await license(`now() + interval '7 days 12 hours'`);
    await live(8);
    expect(await given(id)).toEqual(['expiring 7', 'expiring 1', 'expired']);
    await sql.query(`UPDATE licenses SET expires_at = now() + interval '7 days' WHERE id = $1`, [id]);
    expect(await run()).toBe(0);
    await live(8);
    expect((await given(id)).slice(3)).toEqual(['expiring 1', 'expired']);
  });

  it('leave out what was past when a license was renewed, also when the job had not run since', async () => {
    const id = await license(`now() + interval '6 days'`);
    await pass('5 days');
    await sql.query(`UPDATE licenses SET expires_at = expires_at + interval '10 days' WHERE id = $1`, [id]);
    await run();
    expect(await given(id)).toEqual([]);
    await live(4);
    expect(await given(id)).toEqual(['expiring 7']);
  });

  it.each([
    ['10 days', 11, ['expiring 7', 'expiring 1', 'expired']],
    ['7 days', 8, ['expiring 1', 'expired']],
    ['30 days', 31, ['expiring 14', 'expiring 7', 'expiring 1', 'expired']],
    ['-1 day', 3, []],
  ])('leave out what was past when a license of %s was issued', async (term, days, expected) => {
    const id = await license(`now() + interval '${term}'`);
    await sql.query('UPDATE licenses SET created_at = now() WHERE id = $1', [id]);
    await live(days);
    expect(await given(id)).toEqual(expected);
  });

  it('leave out what was past when a license was imported while the job did not run', async () => {
    await sql.query(`UPDATE expiry_notice_progress SET done_until = now() - interval '20 days'`);
    const [ending, expired, inGrace] = [
      await license(`now() + interval '3 days'`),
      await license(`now() - interval '3 days'`),
      await license(`now() - interval '3 days'`, { grace: '5' }),
    ];
    await sql.query('UPDATE licenses SET created_at = now()');
    expect(await run()).toBe(0);
    await live(3);
    expect(await given(ending)).toEqual(['expiring 1', 'expired']);
    expect(await given(expired)).toEqual([]);
    expect(await given(inGrace)).toEqual(['expired']);
  });

  it('leave out what was past when this version was installed', async () => {
    await sql.query('UPDATE expiry_notice_progress SET begun_at = now(), done_until = now()');
    const id = await license(`now() + interval '7 days' - interval '5 minutes'`);
    const ended = await license(`now() - interval '5 minutes'`);
    expect(await run()).toBe(0);
    await live(8);
    expect(await given(id)).toEqual(['expiring 1', 'expired']);
    expect(await given(ended)).toEqual([]);
  });

  it('find a license whose transaction was open when its moment came', async () => {
    await sql.query('BEGIN');
    const id = await license(`now() + interval '7 days'`);
    expect(await run()).toBe(0);
    await sql.query('COMMIT');
    expect(await run()).toBe(1);
    expect(await given(id)).toEqual(['expiring 7']);
  });

  it.each([['revoked'], ['suspended']])('are not given of licenses that are %s', async (status) => {
    const id = await license(`now() + interval '7 days 12 hours'`, { status: `'${status}'`, grace: '1' });
    await live(10);
    expect(await given(id)).toEqual([]);
  });

  it('are, after a license is reinstated, only those that are ahead', async () => {
    const id = await license(`now() + interval '20 days'`, { status: `'suspended'` });
    await pass('10 days');
    // The job has not run since the moment came.
    await sql.query(`UPDATE licenses SET status = 'active', suspended_at = NULL WHERE id = $1`, [id]);
    await run();
    expect(await given(id)).toEqual([]);
    await live(11);
    expect(await given(id)).toEqual(['expiring 7', 'expiring 1', 'expired']);
  });

  it('are not given of perpetual licenses', async () => {
    const id = await license('NULL', { type: `'perpetual'` });
    await live(2);
    expect(await given(id)).toEqual([]);
  });

  it.each<[string, Partial<Environment>, string[], string[]]>([
    ['none', { EXPIRY_NOTICE_DAYS: ['none'] }, ['expired'], ['expired']],
    [
      'others for subscriptions',
      { EXPIRY_NOTICE_DAYS_SUBSCRIPTION: ['1', '10'] },
      ['expiring 10', 'expiring 1', 'expired'],
      ['expiring 7', 'expiring 1', 'expired'],
    ],
    [
      'none for demo licenses',
      { EXPIRY_NOTICE_DAYS: ['7'], EXPIRY_NOTICE_DAYS_DEMO: ['none'] },
      ['expiring 7', 'expired'],
      ['expired'],
    ],
  ])('are given at the days of the settings: %s', async (_, settings, ofSubscription, ofDemo) => {
    notices = server(settings);
    const subscription = await license(`now() + interval '12 days 12 hours'`);
    const demo = await license(`now() + interval '12 days 12 hours'`, { type: `'demo'` });
    await live(13);
    expect(await given(subscription)).toEqual(ofSubscription);
    expect(await given(demo)).toEqual(ofDemo);
  });

  it('of a threshold that is added are given from then on', async () => {
    const id = await license(`now() + interval '20 days'`);
    const other = await license(`now() + interval '22 days'`);
    await run();
    notices = server({ EXPIRY_NOTICE_DAYS: ['21', '1'] });
    await live(2);
    expect(await given(id)).toEqual([]);
    expect(await given(other)).toEqual(['expiring 21']);
  });

  it('are not given again when more grace follows the end', async () => {
    const id = await license(`now() + interval '1 hour'`);
    await live(1);
    await sql.query('UPDATE licenses SET grace_days = 5 WHERE id = $1', [id]);
    await live(7);
    expect(await given(id)).toEqual(['expired']);
  });

  it('are not given again, nor lost, when the clock is set back', async () => {
    const id = await license(`now() + interval '14 days 1 hour'`);
    await live(1);
    await pass('-3 days');
    await live(8);
    expect(await given(id)).toEqual(['expiring 14']);
    await live(3);
    expect(await given(id)).toEqual(['expiring 14', 'expiring 7']);
  });

  it.each(['done_until', 'begun_at'])(
    'are given at once when the clock is set right that was ahead: %s',
    async (moment) => {
      await sql.query(`UPDATE expiry_notice_progress SET ${moment} = now() + interval '1 year'`);
      const ended = await license(`now() - interval '1 minute'`);
      await run();
      const ending = await license(`now() + interval '7 days 1 hour'`);
      await sql.query(`UPDATE expiry_notice_progress SET begun_at = least(begun_at, now())`);
      await live(1);
      expect(await given(ended)).toEqual(['expired']);
      expect(await given(ending)).toEqual(['expiring 7']);
    },
  );

  it('of many licenses are given in several transactions, each once, though several servers give them', async () => {
    await sql.query(
      insertLicenseRows(
        `SELECT 'acme' AS customer_id, 'subscription' AS license_type, 'active' AS status,
                now() + (1 + n % 3) * interval '1 day' - interval '1 hour' AS expires_at
         FROM generate_series(1, 1800) AS n`,
      ),
    );
    await sql.query(`UPDATE licenses SET created_at = now() - interval '3 years'`);
    await pass('2 days');
    const servers = await Promise.all([1, 2, 3].map(async () => server({}, await database.dataSource([]))));
    const counts = await Promise.all(servers.map((one) => one.run(always)));
    counts.push(await run());
    expect(counts.reduce((sum, count) => sum + count)).toBe(1800);
    const { rows } = await sql.query(
      `SELECT event_type, count(*)::int AS records, count(DISTINCT license_id)::int AS licenses,
              count(DISTINCT xact) > 1 AS several
       FROM audit_logs GROUP BY event_type ORDER BY event_type`,
    );
    expect(rows).toEqual([
      { event_type: 'license.expired', records: 1200, licenses: 1200, several: true },
      { event_type: 'license.expiring', records: 600, licenses: 600, several: true },
    ]);
  });

  it('stop between two transactions when the process does, and continue where they were', async () => {
    await sql.query(
      insertLicenseRows(
        `SELECT 'acme' AS customer_id, 'demo' AS license_type, 'active' AS status, now() + interval '1 hour' AS expires_at
         FROM generate_series(1, 600)`,
      ),
    );
    await pass('2 hours');
    let asked = 0;
    const stopsIn = (questions: number): (() => boolean) => {
      asked = 0;
      return () => (asked += 1) <= questions;
    };
    // Four searches have no license, that of grace looks through two parts, and then comes the first batch.
    const firstBatch = await notices.run(stopsIn(7));
    expect(firstBatch).toBe(500);
    expect(await run()).toBe(100);
    expect(await run()).toBe(0);
  });

  it('are neither lost nor given twice when a transaction fails', async () => {
    const id = await license(`now() + interval '1 hour'`);
    await pass('2 hours');
    await sql.query(
      `ALTER TABLE audit_logs ADD CONSTRAINT full_disk CHECK (event_type <> 'license.expired') NOT VALID`,
    );
    await expect(run()).rejects.toThrow();
    const { rows } = await sql.query('SELECT * FROM expiry_notices');
    expect(rows).toEqual([]);
    await sql.query(`ALTER TABLE audit_logs DROP CONSTRAINT full_disk`);
    expect(await run()).toBe(1);
    expect(await given(id)).toEqual(['expired']);
  });

  it.each([
    ['revoked', `status = 'revoked', revoked_at = now()`],
    ['given another end', `expires_at = now() + interval '60 days'`],
  ])('are not given of a license that is being %s at that moment', async (_, change) => {
    const id = await license(`now() + interval '1 hour'`);
    await pass('2 hours');
    await sql.query('BEGIN');
    await sql.query(`UPDATE licenses SET ${change} WHERE id = $1`, [id]);
    const running = run();
    const watcher = await superuserOf({ database });
    await untilBlocked(watcher).finally(() => watcher.end());
    await sql.query('COMMIT');
    expect(await running).toBe(0);
    expect(await given(id)).toEqual([]);
  });
});
