import type { Client as SqlClient } from 'pg';
import { type Answer, Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { aCustomer, aCustomerId, aLicense } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { changeTable, superuserOf, untilBlocked } from '../../support/database/sql';

const TOKEN = /eyJ[\w-]+\.[\w-]+\.[\w-]+/;

describe('what cannot be recorded does not happen', () => {
  let server: TestServer;
  let client: Client;
  let anyone: Client;
  let sql: SqlClient;

  beforeAll(async () => {
    server = await testServer({
      variables: { DB_LOCK_TIMEOUT_MS: '20000', DB_STATEMENT_TIMEOUT_MS: '20000' },
    });
    client = new Client(server.url, server.adminKey);
    anyone = new Client(server.url);
    sql = await superuserOf(server);
    await sql.query(`
      CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'the disk behind % is on fire', TG_TABLE_NAME; END $$`);
  });
  // A test that fails half-way must not leave its locks to the next.
  afterEach(() => sql.query('ROLLBACK'));
  afterAll(async () => {
    await sql.end();
    await server.close();
  });

  const FAILURES = {
    'the audit record is refused': [
      'CREATE TRIGGER fail BEFORE INSERT ON audit_logs FOR EACH ROW EXECUTE FUNCTION fail()',
      'DROP TRIGGER fail ON audit_logs',
    ],
    'the right to append is lost': [
      'REVOKE INSERT ON audit_logs FROM aegis_app',
      'GRANT INSERT ON audit_logs TO aegis_app',
    ],
    'the commit fails': [
      `CREATE CONSTRAINT TRIGGER fail_licenses AFTER INSERT OR UPDATE ON licenses
         DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail();
       CREATE CONSTRAINT TRIGGER fail_customers AFTER INSERT OR UPDATE ON customers
         DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail()`,
      'DROP TRIGGER fail_licenses ON licenses; DROP TRIGGER fail_customers ON customers',
    ],
  } as const;
  type Failure = keyof typeof FAILURES;

  async function failing<T>(failure: Failure, work: () => Promise<T>): Promise<T> {
    const [breakIt, mendIt] = FAILURES[failure];
    await changeTable(sql, breakIt);
    try {
      return await work();
    } finally {
      await changeTable(sql, mendIt);
    }
  }

  /** All that the database holds of customers, licenses, tokens and records. */
  async function everything(): Promise<unknown> {
    const { rows } = await sql.query(`
      SELECT (SELECT json_agg(c ORDER BY id) FROM customers c) AS customers,
             (SELECT json_agg(l ORDER BY id) FROM licenses l) AS licenses,
             (SELECT json_agg(t ORDER BY sha256) FROM license_tokens t) AS tokens,
             (SELECT json_agg(a ORDER BY id) FROM audit_logs a) AS records`);
    return rows[0];
  }

  function issueTo(customer_id: string): Promise<Answer> {
    return client.post('/api/v1/licenses', {
      customer_id,
      module_name: 'payroll',
      allowed_major_versions: ['17'],
      license_type: 'perpetual',
    });
  }

  /** A 500 or 503, in the form of the contract, without the reason. */
  function expectFailure({ status, headers, body }: Answer): void {
    expect([500, 503]).toContain(status);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(headers.get('retry-after')).toEqual(status === 503 ? expect.stringMatching(/^\d+$/) : null);
    expect(headers.get('location')).toBeNull();
    expect(body).toMatchObject({ status, code: status === 503 ? 'service_unavailable' : 'internal_error' });
    const text = JSON.stringify(body);
    expect(text).not.toMatch(/fire|audit_logs|permission|fail_|trigger|sql|insert|postgres/i);
    expect(text).not.toMatch(TOKEN);
    expect(server.log()).toContain(body.request_id);
  }

  describe.each(Object.keys(FAILURES) as Failure[])('when %s', (failure) => {
    it('no license is issued, and no token leaves', async () => {
      const { id } = await aCustomer(client);
      const before = await everything();
      expectFailure(await failing(failure, () => issueTo(id)));
      expect(await everything()).toEqual(before);
      expectStatus(await issueTo(id), 201);
    });

    it('no license is revoked', async () => {
      const { id } = await aLicense(client);
      const before = await everything();
      expectFailure(
        await failing(failure, () => client.post(`/api/v1/licenses/${id}/revoke`, { reason: 'refunded' })),
      );
      expect(await everything()).toEqual(before);
      expect((await client.get(`/api/v1/licenses/${id}`)).body.status).toBe('active');
    });

    it('no customer is created, changed or removed', async () => {
      const { id } = await aCustomer(client);
      const before = await everything();
      await failing(failure, async () => {
        expectFailure(await client.post('/api/v1/customers', { id: aCustomerId(), name: 'New' }));
        expectFailure(await client.patch(`/api/v1/customers/${id}`, { name: 'Changed' }));
        expectFailure(await client.delete(`/api/v1/customers/${id}`));
      });
      expect(await everything()).toEqual(before);
    });
  });

  it.each(['the audit record is refused', 'the right to append is lost'] as const)(
    'no validation is acknowledged when %s',
    async (failure) => {
      const { token } = await aLicense(client);
      const question = { token, module_name: 'payroll', odoo_version: '17' };
      const counts = async (): Promise<unknown> =>
        (await client.get('/api/v1/admin/stats')).body.validations.last_24h;
      const before = [await counts(), await everything()];
      const answer = await failing(failure, () => anyone.post('/api/v1/licenses/validate', question));
      expectFailure(answer);
      expect(answer.body).not.toHaveProperty('valid');
      expect([await counts(), await everything()]).toEqual(before);
      expect((await anyone.post('/api/v1/licenses/validate', question)).body.code).toBe('VALID');
    },
  );

  it('an issue whose connection breaks leaves nothing', async () => {
    const { id } = await aCustomer(client);
    const before = await everything();
    await sql.query('BEGIN');
    await sql.query('LOCK TABLE audit_logs IN SHARE ROW EXCLUSIVE MODE');
    const issue = issueTo(id);
    await untilBlocked(sql);
    await sql.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'aegis' AND wait_event_type = 'Lock'`,
    );
    expectStatus(await issue, 503);
    expectFailure(await issue);
    await sql.query('COMMIT');
    expect(await everything()).toEqual(before);
    expectStatus(await issueTo(id), 201);
  });

  it('says why only in the log, and without the token', async () => {
    const { id } = await aCustomer(client);
    const answer = await failing('the audit record is refused', () => issueTo(id));
    const lines = server
      .log()
      .split('\n')
      .filter((line) => line.includes(answer.body.request_id));
    // SQLSTATE raise_exception; its message may quote values and stays out of the log too.
    expect(lines.join('\n')).toContain('"P0001"');
    expect(server.log()).not.toMatch(TOKEN);
  });
});
