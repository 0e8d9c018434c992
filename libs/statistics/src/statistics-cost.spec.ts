import { Logger } from '@aegis/logging';
import { PassThrough } from 'node:stream';
import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../test/support/database/database';
import { type Cost, costOf, statementsOf } from '../../../test/support/database/explain';
import { jobsOf } from '../../../test/support/jobs';
import { insertLicenseRows, insertRowKey } from '../../../test/support/database/license-rows';
import { StatisticsService } from './statistics.service';
import { StatisticsUpkeep } from './statistics-upkeep';
import { ValidationCounts } from '@aegis/licensing';

describe('statistics of many rows', () => {
  let database: TestDatabase;
  let app: DataSource;
  let owner: Client;
  let statistics: StatisticsService;
  let upkeep: StatisticsUpkeep;

  beforeAll(async () => {
    database = await testDatabase();
    app = await database.dataSource([]);
    owner = new Client({ connectionString: database.ownerUrl });
    await owner.connect();
    await insertRowKey(owner);
    const logger = new Logger({ level: 'debug', format: 'json', stream: new PassThrough() });
    const jobs = jobsOf({ logger });
    statistics = new StatisticsService(app, new ValidationCounts(app, jobs, logger));
    upkeep = new StatisticsUpkeep(app, jobs);
    await owner.query(`
      INSERT INTO customers (id, name) SELECT 'C-' || n, 'x' FROM generate_series(1, 20000) n;
      INSERT INTO audit_logs (event_type, actor) SELECT 'license.issued', 'system' FROM generate_series(1, 50000);
      INSERT INTO validation_counts (minute, code, count)
      SELECT date_trunc('minute', now()) - n * interval '1 minute', 'CODE_' || code, 1
      FROM generate_series(0, 25 * 60 - 1) n, generate_series(1, 16) code`);
  });

  afterAll(async () => {
    await owner.end();
    await database.drop();
  });

  /** Ends spread over two years, one of which is past. */
  async function insertLicenses(count: number): Promise<void> {
    await owner.query(
      insertLicenseRows(
        `SELECT 'C-' || 1 + n % 20000 AS customer_id, 'subscription' AS license_type, 'active' AS status,
                now() + (n % 1051200 - 525600) * interval '1 minute' AS expires_at
         FROM generate_series(1, ${count} * 7, 7) n`,
      ),
    );
  }

  async function cost(): Promise<Cost> {
    const statements = await statementsOf(() => statistics.read());
    expect(statements).toHaveLength(1);
    return costOf(app, statements[0]!);
  }

  async function pagesOf(table: string): Promise<number> {
    const { rows } = await owner.query<{ pages: number }>(
      `SELECT (pg_relation_size($1) / 8192)::int AS pages`,
      [table],
    );
    return rows[0]!.pages;
  }

  it('are read without reading a large table, no matter how many licenses there are', async () => {
    await insertLicenses(200_000);
    await upkeep.run(() => true);
    await owner.query('VACUUM ANALYZE');
    const { licenses, customers, audit_logs } = await statistics.read();
    expect(licenses.total).toBe(200_000);
    expect(licenses.expired).toBeGreaterThan(90_000);
    expect(customers.total).toBe(20_000);
    expect(audit_logs.total).toBe(50_000);

    const { pages, scanned, indexes } = await cost();
    for (const table of scanned)
      expect(['statistics_counts', 'statistics_deltas', 'validation_counts']).toContain(table);
    expect(indexes).toContain('licenses_by_expiry');
    expect(await pagesOf('licenses')).toBeGreaterThan(4000);
    expect(pages).toBeLessThan(500);
  });

  it('are read in the same way before changes are folded and vacuumed', async () => {
    await owner.query(`UPDATE licenses SET expires_at = expires_at + interval '1 day'
                       WHERE expires_at < now() - interval '300 days'`);
    const { rows } = await owner.query<{ waiting: number }>(
      'SELECT count(*)::int AS waiting FROM statistics_deltas',
    );
    expect(rows[0]!.waiting).toBeGreaterThan(20);
    const { pages, scanned } = await cost();
    expect(scanned).not.toContain('licenses');
    expect(pages).toBeLessThan(500);
  });
});
