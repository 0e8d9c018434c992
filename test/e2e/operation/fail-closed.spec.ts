import type { Client as SqlClient } from 'pg';
import { Client } from '../../support/requests/client';
import { aCustomer, aLicense } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { changeTable, superuserOf } from '../../support/database/sql';

/** How the record is kept from being written. */
const OBSTACLES = [
  {
    why: 'no partition takes it',
    obstruct: `DO $$ DECLARE part regclass; BEGIN
      FOR part IN SELECT inhrelid FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = 'audit_logs'::regclass AND relkind = 'r' LOOP
        EXECUTE format('ALTER TABLE audit_logs DETACH PARTITION %s', part); END LOOP; END $$`,
  },
  { why: 'the role may not', obstruct: 'REVOKE INSERT ON audit_logs FROM aegis_app' },
  {
    why: 'a constraint refuses it',
    obstruct: `ALTER TABLE audit_logs ADD CONSTRAINT full_disk CHECK (recorded_at < '2000-01-01Z') NOT VALID`,
  },
];

describe.each(OBSTACLES)('where an audit record cannot be written, for $why', ({ obstruct }) => {
  let server: TestServer;
  let sql: SqlClient;
  let admin: Client;
  let customer: { id: string };
  let license: { id: string; token: string };
  let before: unknown;

  beforeAll(async () => {
    server = await testServer();
    sql = await superuserOf(server);
    admin = new Client(server.url, server.adminKey);
    customer = await aCustomer(admin);
    license = await aLicense(admin, {
      customer_id: customer.id,
      license_type: 'subscription',
      duration_days: 30,
    });
    await changeTable(sql, obstruct);
    before = await state();
  });
  afterAll(async () => {
    await sql.end();
    await server.close();
  });

  async function state(): Promise<unknown> {
    const { rows } = await sql.query(`
      SELECT (SELECT json_agg(license ORDER BY id) FROM licenses AS license) AS licenses,
             (SELECT json_agg(sha256 ORDER BY sha256) FROM license_tokens) AS tokens,
             (SELECT count(*)::int FROM idempotency_keys) AS answers`);
    return rows[0];
  }

  const issue = () => ({
    customer_id: customer.id,
    module_name: 'payroll',
    allowed_major_versions: ['17'],
    license_type: 'demo',
  });

  it.each([
    ['issues nothing', () => admin.post('/api/v1/licenses', issue(), { 'Idempotency-Key': 'order-1' })],
    [
      'revokes nothing',
      () =>
        admin.delete(
          `/api/v1/licenses/${license.id}/revoke`,
          { reason: 'unpaid' },
          { 'Idempotency-Key': 'r-1' },
        ),
    ],
    ['suspends nothing', () => admin.post(`/api/v1/licenses/${license.id}/suspend`, { reason: 'unpaid' })],
    ['renews nothing', () => admin.post(`/api/v1/licenses/${license.id}/renew`, { duration_days: 30 })],
    ['reissues nothing', () => admin.post(`/api/v1/licenses/${license.id}/reissue`, {})],
    [
      'gives no verdict',
      () =>
        admin.post('/api/v1/licenses/validate', {
          token: license.token,
          module_name: 'payroll',
          odoo_version: '17.0',
        }),
    ],
  ])('%s, answers 503 and hands no token out', async (_what, send) => {
    const answer = await send();
    expect(answer).toMatchObject({ status: 503, body: { code: 'service_unavailable' } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    const text = JSON.stringify(answer.body);
    expect(text).not.toMatch(/eyJ|audit|permission|partition|constraint/i);
    expect(await state()).toEqual(before);
  });
});
