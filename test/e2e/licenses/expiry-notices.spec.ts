import type { Client as SqlClient } from 'pg';
import { expectStatus } from '../../support/contract/expect-status';
import { costOf, statementsOf } from '../../support/database/explain';
import { insertLicenseRows, insertRowKey } from '../../support/database/license-rows';
import { superuserOf } from '../../support/database/sql';
import { testDatabase, type TestDatabase } from '../../support/database/database';
import { aCustomer, aLicense } from '../../support/factories';
import { jobsOf } from '../../support/jobs';
import { testServer, type TestServer } from '../../support/processes/server';
import { Client } from '../../support/requests/client';
import { until } from '../../support/until';
import { AuditLog } from '@aegis/audit';
import { Environment } from '@aegis/config';
import { ExpiryNotices } from '../../../libs/licensing/src/notices/expiry-notices';

describe('notices of the end of licenses, by a server', () => {
  let server: TestServer;
  let admin: Client;
  let sql: SqlClient;

  beforeEach(async () => {
    server = await testServer();
    admin = new Client(server.url, server.adminKey);
    sql = await superuserOf(server);
  });
  afterEach(async () => {
    await sql.end();
    await server.close();
  });

  /** As if the license had been issued so much earlier, and no server had run since. */
  async function age(id: string, time: string): Promise<void> {
    await sql.query('ALTER TABLE licenses DISABLE TRIGGER expiry_notices_keep_silent');
    await sql.query(
      `UPDATE licenses SET expires_at = expires_at - $2::interval, created_at = created_at - $2::interval WHERE id = $1`,
      [id, time],
    );
    await sql.query('ALTER TABLE licenses ENABLE TRIGGER expiry_notices_keep_silent');
    await sql.query(
      `UPDATE expiry_notice_progress SET begun_at = now() - interval '9 years', done_until = now() - $1::interval`,
      [time],
    );
  }

  async function typesOf(id: string): Promise<string[]> {
    const answer = await admin.get(`/api/v1/licenses/${id}/history`);
    expectStatus(answer, 200);
    return (answer.body.audit_logs as { event_type: string }[]).map(({ event_type }) => event_type).reverse();
  }

  it('are given when it runs again, are in the history, and are not given twice by two servers', async () => {
    const { id } = await aLicense(admin, { license_type: 'subscription', duration_days: 10 });
    await age(id, '4 days');
    const more = await Promise.all(
      [1, 2].map(() => testServer({ database: server.database, keysDir: server.keysDir })),
    );
    try {
      await until('the notice is given', async () => (await typesOf(id)).length > 1);
    } finally {
      await Promise.all(more.map((one) => one.close()));
    }
    expect(await typesOf(id)).toEqual(['license.issued', 'license.expiring']);
    const found = await admin.get(`/api/v1/admin/audit-logs?event_type=license.expiring`);
    expect(found.body.audit_logs).toMatchObject([
      { license_id: id, actor: 'system', event_data: { days: 7 } },
    ]);
  });

  it('are of expiry when a reissue takes away the grace that a license is in', async () => {
    const { id } = await aLicense(admin, { license_type: 'demo', duration_days: 5, grace_days: 10 });
    await age(id, '8 days');
    const less = await admin.post(`/api/v1/licenses/${id}/reissue`, { grace_days: 4 });
    expectStatus(less, 200);
    expect(await typesOf(id)).not.toContain('license.expired');
    expectStatus(await admin.post(`/api/v1/licenses/${id}/reissue`, { grace_days: 1 }), 200);
    expect((await typesOf(id)).slice(-2)).toEqual(['license.reissued', 'license.expired']);
    expectStatus(await admin.post(`/api/v1/licenses/${id}/reissue`, { grace_days: 10 }), 200);
    expectStatus(await admin.post(`/api/v1/licenses/${id}/reissue`, { grace_days: 0 }), 200);
    expect((await typesOf(id)).filter((type) => type === 'license.expired')).toHaveLength(1);
  });

  it('are not given of a license that was reinstated, of the time in which it was suspended', async () => {
    const { id } = await aLicense(admin, { license_type: 'subscription', duration_days: 10 });
    expectStatus(await admin.post(`/api/v1/licenses/${id}/suspend`, { reason: 'unpaid' }), 200);
    await age(id, '4 days');
    expectStatus(await admin.post(`/api/v1/licenses/${id}/reinstate`, { reason: 'paid' }), 200);
    const { rows } = await sql.query<{ silent: boolean }>(
      `SELECT silent_until > now() - interval '1 minute' AS silent FROM expiry_notices WHERE license_id = $1`,
      [id],
    );
    expect(rows).toEqual([{ silent: true }]);
  });

  it('are not given by an issue, which writes no row for them', async () => {
    await aLicense(admin, { license_type: 'demo', customer_id: (await aCustomer(admin)).id });
    const { rows } = await sql.query('SELECT * FROM expiry_notices');
    expect(rows).toEqual([]);
  });
});

describe('the search of notices', () => {
  let database: TestDatabase;
  let sql: SqlClient;

  beforeAll(async () => {
    database = await testDatabase();
    sql = await superuserOf({ database });
    await insertRowKey(sql);
    await sql.query(`INSERT INTO customers (id, name) VALUES ('acme', 'x')`);
    await sql.query(
      insertLicenseRows(
        `SELECT 'acme' AS customer_id, 'subscription' AS license_type, 'active' AS status,
                now() + (n - 20000) * interval '20 minutes' AS expires_at FROM generate_series(1, 40000) AS n`,
      ),
    );
    await sql.query(`UPDATE licenses SET grace_days = 30 WHERE hashtext(id::text) % 2 = 0`);
    await sql.query('VACUUM ANALYZE licenses');
  });
  afterAll(async () => {
    await sql.end();
    await database.drop();
  });

  it('reads what became due by an index, not the licenses', async () => {
    const dataSource = await database.dataSource([]);
    const environment = Object.assign(new Environment(), { EXPIRY_NOTICE_DAYS: ['30', '14', '7', '1'] });
    const notices = new ExpiryNotices(dataSource, new AuditLog(), environment, jobsOf());
    const statements = await statementsOf(() => notices.run(() => true));
    const searches = statements.filter(({ text }) => text.includes('LEFT JOIN expiry_notices'));
    expect(searches).toHaveLength(7);
    for (const search of searches) {
      const { scanned, indexes, pages } = await costOf(dataSource, search);
      expect(scanned).not.toContain('licenses');
      expect(indexes.filter((name) => /^licenses_by_(expiry|grace_end)$/.test(name))).toHaveLength(1);
      expect(pages).toBeLessThan(100);
    }
  });

  it('looks through few licenses at once, however many end at a moment and have been noticed', async () => {
    const dataSource = await database.dataSource([]);
    const environment = Object.assign(new Environment(), { EXPIRY_NOTICE_DAYS: ['none'] });
    const notices = new ExpiryNotices(dataSource, new AuditLog(), environment, jobsOf());
    await sql.query(
      `WITH ended AS (UPDATE licenses SET expires_at = date_trunc('hour', now()) - interval '1 hour' WHERE expires_at IS NOT NULL
                      RETURNING id, expires_at)
       INSERT INTO expiry_notices (license_id, expires_at, given) SELECT id, expires_at, -1 FROM ended
       ON CONFLICT (license_id) DO UPDATE SET expires_at = excluded.expires_at, given = -1, silent_until = NULL`,
    );
    await sql.query('UPDATE expiry_notices SET given = -1, silent_until = NULL');
    await sql.query(
      `UPDATE expiry_notice_progress SET begun_at = now() - interval '1 year', done_until = now() - interval '3 hours'`,
    );
    const { rows } = await sql.query<{ ended: number }>(
      `SELECT count(*)::int AS ended FROM licenses WHERE expires_at < now() AND expires_at > now() - interval '3 hours'`,
    );
    expect(rows[0]!.ended).toBeGreaterThan(2000);
    const statements = await statementsOf(() => notices.run(() => true));
    const searches = statements.filter(({ text }) => text.includes('LEFT JOIN expiry_notices'));
    expect(searches.length).toBeGreaterThan(rows[0]!.ended / 500);
    for (const search of searches) expect((await costOf(dataSource, search)).pages).toBeLessThan(4000);
  });
});
