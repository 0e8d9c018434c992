import { AuditLog, AuditRecord, SYSTEM } from '@aegis/audit';
import { Customer } from '@aegis/customers';
import { sqlState } from '@aegis/database';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import fc from 'fast-check';
import { PassThrough } from 'node:stream';
import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../test/support/database/database';
import { jobsOf } from '../../../test/support/jobs';
import { insertLicenseRows, insertRowKey } from '../../../test/support/database/license-rows';
import { StatisticsService } from './statistics.service';
import { LicenseGauges } from './license-gauges';
import { StatisticsUpkeep } from './statistics-upkeep';
import { ValidationCounts } from '@aegis/licensing';

const DAY_MS = 24 * 60 * 60 * 1000;

/** When a license has expired. */
const ENDS = `(expires_at + make_interval(secs => grace_days * 86400))`;

/** How many end within some days. */
const within = (days: number): string =>
  `count(*) FILTER (WHERE status = 'active' AND expires_at > $1 AND expires_at <= $1 + interval '${days * 86_400} seconds')`;

/** What the statistics must say, counted again from the tables. */
const FRESH = `
  SELECT
    (SELECT json_build_object('total', count(*), 'active', count(*) FILTER (WHERE is_active),
                              'inactive', count(*) FILTER (WHERE NOT is_active))
     FROM customers WHERE deleted_at IS NULL) AS customers,
    (SELECT json_build_object(
       'total', count(*),
       'active', count(*) FILTER (WHERE status = 'active' AND (expires_at IS NULL OR ${ENDS} > $1)),
       'expired', count(*) FILTER (WHERE status = 'active' AND ${ENDS} <= $1),
       'suspended', count(*) FILTER (WHERE status = 'suspended'),
       'revoked', count(*) FILTER (WHERE status = 'revoked'),
       'by_type', json_build_object(
         'perpetual', count(*) FILTER (WHERE license_type = 'perpetual'),
         'subscription', count(*) FILTER (WHERE license_type = 'subscription'),
         'demo', count(*) FILTER (WHERE license_type = 'demo')),
       'expiring_7d', ${within(7)}, 'expiring_30d', ${within(30)}, 'expiring_90d', ${within(90)})
     FROM licenses) AS licenses,
    (SELECT json_build_object('total', count(*)) FROM audit_logs) AS audit_logs`;

/** Where counts and deltas together differ from the tables, in one snapshot: nowhere. */
const DIFFERENCES = `
  SELECT day::text, counter, sum(n)::int AS difference FROM (
    SELECT day, counter, count AS n FROM statistics_counts
    UNION ALL SELECT day, counter, delta FROM statistics_deltas
    UNION ALL SELECT '-infinity', 'audit_logs', -count(*) FROM audit_logs
    UNION ALL SELECT '-infinity', 'customers.' || CASE WHEN is_active THEN 'active' ELSE 'inactive' END, -1
              FROM customers WHERE deleted_at IS NULL
    UNION ALL SELECT '-infinity', 'licenses.' || license_type || '.' || status, -1 FROM licenses
    UNION ALL SELECT date(expires_at AT TIME ZONE 'UTC'), 'licenses.ending', -1 FROM licenses
              WHERE status = 'active' AND expires_at IS NOT NULL
    UNION ALL SELECT date(expires_at AT TIME ZONE 'UTC'), 'licenses.grace_begins', -1 FROM licenses
              WHERE status = 'active' AND grace_days > 0
    UNION ALL SELECT date(${ENDS} AT TIME ZONE 'UTC'), 'licenses.grace_ends', -1 FROM licenses
              WHERE status = 'active' AND grace_days > 0
  ) AS all_counts GROUP BY day, counter HAVING sum(n) <> 0`;

/** Stored status and days until the end of licenses: three active (one ends soon), two expired. */
const GAUGED = [
  { status: 'active', days: 10 },
  { status: 'active', days: 40 },
  { status: 'active', days: 400 },
  { status: 'active', days: -1 },
  { status: 'active', days: -100 },
  { status: 'suspended', days: 10 },
  { status: 'revoked', days: -1 },
];

describe('statistics', () => {
  let database: TestDatabase;
  let app: DataSource;
  let owner: Client;
  let statistics: StatisticsService;
  let upkeep: StatisticsUpkeep;
  let counts: ValidationCounts;

  beforeAll(async () => {
    database = await testDatabase();
    owner = new Client({ connectionString: database.ownerUrl });
    await owner.connect();
    // Days are of UTC, wherever the database believes to be.
    const { rows } = await owner.query<{ name: string }>('SELECT current_database() AS name');
    await owner.query(`ALTER DATABASE ${rows[0]!.name} SET timezone = 'Pacific/Kiritimati'`);
    await owner.query(`SET timezone = 'Pacific/Kiritimati'`);
    app = await database.dataSource([AuditRecord, Customer]);
    await insertRowKey(owner);
    const logger = new Logger({ level: 'debug', format: 'json', stream: new PassThrough() });
    const jobs = jobsOf({ logger });
    counts = new ValidationCounts(app, jobs, logger);
    statistics = new StatisticsService(app, counts);
    upkeep = new StatisticsUpkeep(app, jobs);
  });

  afterAll(async () => {
    await owner.end();
    await database.drop();
  });

  async function expectFresh(at?: Date): Promise<void> {
    const { customers, licenses, audit_logs, generated_at } = await statistics.read(at);
    if (at) expect(generated_at).toEqual(at);
    const { rows } = await owner.query(FRESH, [generated_at]);
    expect({ customers, licenses, audit_logs }).toEqual(rows[0]);
  }

  it('are all 0 in a new database', async () => {
    const { customers, licenses, audit_logs } = await statistics.read();
    expect({ customers, licenses, audit_logs }).toEqual({
      customers: { total: 0, active: 0, inactive: 0 },
      licenses: {
        total: 0,
        active: 0,
        expired: 0,
        suspended: 0,
        revoked: 0,
        by_type: { perpetual: 0, subscription: 0, demo: 0 },
        expiring_7d: 0,
        expiring_30d: 0,
        expiring_90d: 0,
      },
      audit_logs: { total: 0 },
    });
  });

  it('are the same as the metrics of licenses', async () => {
    const metrics = new Metrics();
    const gauges = new LicenseGauges(statistics, metrics, jobsOf({ metrics }));
    await owner.query(`INSERT INTO customers (id, name) VALUES ('gauged', 'Gauged')`);
    await owner.query(
      insertLicenseRows(
        `SELECT 'gauged' AS customer_id, 'subscription' AS license_type, status, now() + days * interval '1 day' AS expires_at
         FROM jsonb_to_recordset($1) AS given(status text, days integer)`,
      ),
      [JSON.stringify(GAUGED)],
    );
    await gauges.refresh();
    const text = await metrics.registry.metrics();
    const value = (series: string): number => Number(new RegExp(`^${series} (\\S+)$`, 'm').exec(text)?.[1]);
    const reported = ['active', 'expired', 'suspended', 'revoked'].map((status) =>
      value(`aegis_licenses\\{status="${status}"\\}`),
    );
    expect([...reported, value('aegis_licenses_expiring_30d')]).toEqual([3, 2, 1, 1, 1]);
    const { licenses } = await statistics.read();
    expect(await statistics.licenses()).toEqual(licenses);
    await owner.query(`DELETE FROM licenses WHERE customer_id = 'gauged'`);
    await owner.query(`DELETE FROM customers WHERE id = 'gauged'`);
  });

  describe('after any changes', () => {
    const midnight = Math.floor(Date.now() / DAY_MS) * DAY_MS;
    /** Around midnights, this minute, and thirty days later. */
    const moments = [-400, -1, 0, 1, 29, 30, 31, 400].flatMap((days) =>
      [-60_000, -1, 0, 1, 3_600_000].map((ms) => new Date(midnight + days * DAY_MS + ms)),
    );
    const type = fc.constantFrom('perpetual', 'subscription', 'demo');
    const status = fc.constantFrom('active', 'suspended', 'revoked');
    const moment = fc.constantFrom(...moments);
    /** Part of the rows that a statement takes. */
    const part = fc.integer({ min: 0, max: 15 });
    const customer = fc.integer({ min: 0, max: 7 }).map((n) => `C-${n}`);

    type Change = [statement: string, parameters: unknown[]];
    const change: fc.Arbitrary<Change> = fc.oneof(
      fc
        .tuple(customer, fc.boolean())
        .map(([id, active]): Change => [
          `INSERT INTO customers (id, name, is_active) VALUES ($1, 'x', $2) ON CONFLICT (id) DO NOTHING`,
          [id, active],
        ]),
      fc
        .tuple(customer, fc.boolean())
        .map(([id, active]): Change => [
          `UPDATE customers SET is_active = $2 WHERE id = $1 AND deleted_at IS NULL`,
          [id, active],
        ]),
      customer.map((id): Change => [
        `UPDATE customers SET name = NULL, is_active = false, deleted_at = clock_timestamp()
         WHERE id = $1 AND deleted_at IS NULL`,
        [id],
      ]),
      customer.map((id): Change => [
        `DELETE FROM customers WHERE id = $1 AND NOT EXISTS (SELECT FROM licenses WHERE customer_id = $1)`,
        [id],
      ]),
      fc
        .tuple(type, status, fc.array(moment, { minLength: 1, maxLength: 6 }))
        .map(([kind, state, ends]): Change => [
          insertLicenseRows(`
          SELECT 'C-0' AS customer_id, $1 AS license_type, $2 AS status,
                 CASE WHEN $1 <> 'perpetual' THEN ends END AS expires_at
          FROM unnest($3::timestamptz[]) AS ends WHERE EXISTS (SELECT FROM customers WHERE id = 'C-0')`),
          [kind, state, ends],
        ]),
      fc.tuple(part, status).map(([some, state]): Change => [
        `UPDATE licenses SET status = $2, revoked_at = CASE $2 WHEN 'revoked' THEN clock_timestamp() END,
                             suspended_at = CASE $2 WHEN 'suspended' THEN clock_timestamp() END
         WHERE get_byte(uuid_send(id), 0) % 16 = $1 AND status <> 'revoked'`,
        [some, state],
      ]),
      fc
        .tuple(part, moment)
        .map(([some, end]): Change => [
          `UPDATE licenses SET expires_at = $2 WHERE get_byte(uuid_send(id), 0) % 16 = $1 AND license_type <> 'perpetual'`,
          [some, end],
        ]),
      fc
        .tuple(part, fc.constantFrom(0, 1, 29, 30, 31, 365))
        .map(([some, days]): Change => [
          `UPDATE licenses SET grace_days = $2 WHERE get_byte(uuid_send(id), 0) % 16 = $1 AND license_type <> 'perpetual'`,
          [some, days],
        ]),
      part.map((some): Change => [
        `UPDATE licenses SET notes = 'seen', version = version + 1 WHERE get_byte(uuid_send(id), 0) % 16 = $1`,
        [some],
      ]),
      part.map((some): Change => [`DELETE FROM licenses WHERE get_byte(uuid_send(id), 0) % 16 = $1`, [some]]),
      fc
        .integer({ min: 1, max: 9 })
        .map((records): Change => [
          `INSERT INTO audit_logs (event_type, actor) SELECT 'license.updated', 'system' FROM generate_series(1, $1)`,
          [records],
        ]),
    );
    const work = fc.record({
      changes: fc.array(change, { minLength: 1, maxLength: 4 }),
      commits: fc.boolean(),
    });

    /** Does what a writer would, in transactions; a deadlock undoes one. */
    async function write(transactions: { changes: Change[]; commits: boolean }[]): Promise<void> {
      const client = new Client({ connectionString: database.ownerUrl });
      await client.connect();
      try {
        for (const { changes, commits } of transactions) {
          await client.query('BEGIN');
          try {
            for (const [statement, parameters] of changes) await client.query(statement, parameters);
            await client.query(commits ? 'COMMIT' : 'ROLLBACK');
          } catch (error) {
            // What races may break: deadlocks, a customer that is gone, or that got a license.
            if (!['40P01', '23503'].includes(sqlState(error) ?? '')) throw error;
            await client.query('ROLLBACK');
          }
        }
      } finally {
        await client.end();
      }
    }

    it('agree with the tables in every snapshot while replicas fold', async () => {
      let snapshots = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(work, { maxLength: 12 }), { minLength: 3, maxLength: 3 }),
          async (lanes) => {
            let writing = true;
            const whileWriting = async (step: () => Promise<void>): Promise<void> => {
              do await step();
              while (writing);
            };
            const fold = (): Promise<void> => app.query('SELECT statistics_fold(3)');
            await Promise.all([
              Promise.all(lanes.map(write)).finally(() => (writing = false)),
              whileWriting(fold),
              whileWriting(fold),
              whileWriting(async () => {
                expect((await owner.query(DIFFERENCES)).rows).toEqual([]);
                snapshots += 1;
              }),
            ]);
            await expectFresh();
            for (const at of moments) await expectFresh(at);
          },
        ),
        { numRuns: 12 },
      );
      expect(snapshots).toBeGreaterThan(0);
      // Chance may have left a table empty: agreeing on nothing would prove nothing.
      await owner.query(`INSERT INTO customers (id, name) VALUES ('C-kept', 'x')`);
      await owner.query(
        insertLicenseRows(
          `SELECT 'C-kept' AS customer_id, 'demo' AS license_type, 'active' AS status, now() AS expires_at`,
        ),
      );
      await owner.query(`INSERT INTO audit_logs (event_type, actor) VALUES ('license.issued', 'system')`);
      const { licenses, customers, audit_logs } = await statistics.read();
      for (const total of [licenses.total, customers.total, audit_logs.total])
        expect(total).toBeGreaterThan(0);
      await upkeep.run(() => true);
      expect((await owner.query('SELECT FROM statistics_deltas')).rows).toHaveLength(0);
      await expectFresh();
    });

    it('agree again after a recount of wrong counts', async () => {
      await owner.query(`UPDATE statistics_counts SET count = count + 7 WHERE counter LIKE 'licenses.%'`);
      await owner.query(
        `INSERT INTO statistics_deltas (day, counter, delta) VALUES ('-infinity', 'audit_logs', 3)`,
      );
      await expect(expectFresh()).rejects.toThrow();
      await owner.query('SELECT statistics_recount()');
      await expectFresh();
      expect((await owner.query(DIFFERENCES)).rows).toEqual([]);
    });
  });

  it('never make writers wait for one another or for folding', async () => {
    await app.query(`INSERT INTO customers (id, name) VALUES ('A', 'A'), ('B', 'B')`);
    await upkeep.run(() => true);
    const slow = new Client({ connectionString: database.ownerUrl });
    await slow.connect();
    const insert = (customer: string): string =>
      insertLicenseRows(
        `SELECT '${customer}' AS customer_id, 'demo' AS license_type, 'active' AS status, now() AS expires_at`,
      );
    try {
      await slow.query('BEGIN');
      await slow.query(insert('A'));
      await new AuditLog().append(app.manager, { type: 'license.issued', actor: SYSTEM });
      await owner.query(`SET lock_timeout = '30s'`);
      await owner.query(insert('B'));
      const [row] = await app.query<{ folded: number }[]>('SELECT statistics_fold(100) AS folded');
      // The license's two counters and the record: not what is not committed.
      expect(row!.folded).toBe(3);
      await slow.query('COMMIT');
      await expectFresh();
    } finally {
      await slow.end();
    }
  });

  it('cannot be forged by the application', async () => {
    for (const statement of [
      `INSERT INTO statistics_deltas (day, counter, delta) VALUES ('-infinity', 'audit_logs', 1)`,
      `DELETE FROM statistics_deltas`,
      `UPDATE statistics_counts SET count = 0`,
      `SELECT statistics_recount()`,
    ])
      await expect(app.query(statement)).rejects.toThrow(/permission denied/);
  });

  it('count validations of 24 hours, and forget those of more than 25', async () => {
    await owner.query(`
      INSERT INTO validation_counts (minute, code, count)
      SELECT date_trunc('minute', now()) - ago::interval, code, n
      FROM (VALUES ('0 minutes', 'VALID', 5), ('23 hours', 'VALID', 2), ('23 hours', 'EXPIRED', 1),
                   ('24 hours 2 minutes', 'VALID', 100), ('25 hours 2 minutes', 'VALID', 1000),
                   ('400 hours', 'REVOKED', 1000)) AS past (ago, code, n)`);
    counts.add('REVOKED');
    const { validations } = await statistics.read();
    expect(validations.last_24h).toMatchObject({ total: 9, valid: 7 });
    expect(validations.last_24h.by_code).toMatchObject({ VALID: 7, EXPIRED: 1, REVOKED: 1, MALFORMED: 0 });
    expect(Object.keys(validations.last_24h.by_code)).toHaveLength(18);
    await upkeep.run(() => true);
    const { rows } = await owner.query<{ n: number }>(
      'SELECT count::int AS n FROM validation_counts ORDER BY count',
    );
    expect(rows.map(({ n }) => n)).toEqual([1, 1, 2, 5, 100]);
  });
});
