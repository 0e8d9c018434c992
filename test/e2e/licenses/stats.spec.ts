import type { Client as SqlClient } from 'pg';
import { Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { aCustomer, aLicense, validation } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { superuserOf } from '../../support/database/sql';

const NONE = {
  MALFORMED: 0,
  UNKNOWN_KEY: 0,
  SIGNATURE_INVALID: 0,
  KEY_COMPROMISED: 0,
  ISSUER_MISMATCH: 0,
  MODULE_MISMATCH: 0,
  VERSION_NOT_ALLOWED: 0,
  INSTANCE_REQUIRED: 0,
  INSTANCE_MISMATCH: 0,
  NOT_FOUND: 0,
  REVOKED: 0,
  SUSPENDED: 0,
  SUPERSEDED: 0,
  CUSTOMER_INACTIVE: 0,
  EXPIRED: 0,
  ACTIVATION_REQUIRED: 0,
  ACTIVATION_ENDED: 0,
  VALID: 0,
};

describe('the statistics', () => {
  let server: TestServer;
  let client: Client;
  let sql: SqlClient;

  beforeEach(async () => {
    server = await testServer();
    client = new Client(server.url, server.adminKey);
    sql = await superuserOf(server);
  });
  afterEach(async () => {
    await sql.end();
    await server.close();
  });

  it('include every change right after it was made', async () => {
    const empty = (await client.get('/api/v1/admin/stats')).body;
    expect(empty).toEqual({
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
      validations: { last_24h: { total: 0, valid: 0, by_code: NONE } },
      audit_logs: { total: expect.any(Number) },
      generated_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });

    // 4 customers: 2 active, 1 inactive, 1 removed.
    const { id } = await aCustomer(client);
    await aCustomer(client);
    await aCustomer(client, { is_active: false });
    const gone = await aCustomer(client);
    expectStatus(await client.delete(`/api/v1/customers/${gone.id}`), 204);
    // 8 licenses: 4 active of which 2 end within 30 days and 3 within 90, 2 expired, 1 suspended, 1 revoked.
    const issue = (license_type: string, duration_days?: number): ReturnType<typeof aLicense> =>
      aLicense(client, { customer_id: id, license_type, duration_days });
    const valid = await issue('perpetual');
    await issue('subscription', 31);
    await issue('subscription', 29);
    await issue('demo');
    const expired = [await issue('subscription', 60), await issue('demo', 5)];
    const suspended = await issue('demo', 5);
    const revoked = await issue('subscription', 10);
    await sql.query('UPDATE licenses SET expires_at = now() WHERE id = ANY($1)', [
      expired.map((one) => one.id),
    ]);
    await sql.query(`UPDATE licenses SET status = 'suspended', suspended_at = now() WHERE id = $1`, [
      suspended.id,
    ]);
    expectStatus(await client.post(`/api/v1/licenses/${revoked.id}/revoke`, { reason: 'refunded' }), 200);
    // 6 validations.
    for (const token of [valid.token, valid.token, valid.token, revoked.token, suspended.token, 'x'])
      await validation(client, token);

    const { rows } = await sql.query('SELECT count(*)::int AS records FROM audit_logs');
    const answer = await client.get('/api/v1/admin/stats');
    expectStatus(answer, 200);
    expect(answer.body).toEqual({
      customers: { total: 3, active: 2, inactive: 1 },
      licenses: {
        total: 8,
        active: 4,
        expired: 2,
        suspended: 1,
        revoked: 1,
        by_type: { perpetual: 1, subscription: 4, demo: 3 },
        expiring_7d: 0,
        expiring_30d: 2,
        expiring_90d: 3,
      },
      validations: {
        last_24h: {
          total: 6,
          valid: 3,
          by_code: { ...NONE, VALID: 3, REVOKED: 1, SUSPENDED: 1, MALFORMED: 1 },
        },
      },
      audit_logs: { total: rows[0].records },
      generated_at: expect.any(String),
    });
    // 5 of customers, 8 issued, 1 revoked, 5 validated.
    expect(rows[0].records - empty.audit_logs.total).toBe(19);
  });

  it('drop validations after 24 hours, and keep newer ones', async () => {
    await sql.query(`
      INSERT INTO validation_counts (minute, code, count)
      VALUES (date_trunc('minute', now() - interval '25 hours'), 'VALID', 1000),
             (date_trunc('minute', now() - interval '23 hours 50 minutes'), 'VALID', 7),
             (date_trunc('minute', now() - interval '23 hours 50 minutes'), 'EXPIRED', 2)`);
    const { last_24h } = (await client.get('/api/v1/admin/stats')).body.validations;
    expect(last_24h).toEqual({ total: 9, valid: 7, by_code: { ...NONE, VALID: 7, EXPIRED: 2 } });
  });
});
