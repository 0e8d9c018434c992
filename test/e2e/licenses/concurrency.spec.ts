import type { Client as SqlClient } from 'pg';
import { type Answer, Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { aCustomer, aCustomerId, aLicense } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { superuserOf, untilBlocked } from '../../support/database/sql';

/** Many requests wait in line here on a small machine; how long the line may be is not what is tested. */
const PATIENT = {
  DB_ACQUIRE_TIMEOUT_MS: '20000',
  DB_CONNECT_TIMEOUT_MS: '20000',
  DB_LOCK_TIMEOUT_MS: '20000',
  DB_STATEMENT_TIMEOUT_MS: '20000',
};

describe('at the same time', () => {
  let server: TestServer;
  let replica: TestServer;
  let client: Client;
  let sql: SqlClient;

  beforeAll(async () => {
    server = await testServer({ variables: PATIENT });
    replica = await testServer({ database: server.database, keysDir: server.keysDir, variables: PATIENT });
    client = new Client(server.url, server.adminKey);
    sql = await superuserOf(server);
  });
  // A test that fails half-way must not leave its locks to the next.
  afterEach(() => sql.query('ROLLBACK'));
  afterAll(async () => {
    await sql.end();
    await replica.close();
    await server.close();
  });

  function issueTo(customer_id: string): Promise<Answer> {
    return client.post('/api/v1/licenses', {
      customer_id,
      module_name: 'payroll',
      allowed_major_versions: ['17'],
      license_type: 'perpetual',
    });
  }

  const statusesOf = (answers: Answer[]): Record<number, number> =>
    answers.reduce<Record<number, number>>(
      (counts, { status }) => ({ ...counts, [status]: (counts[status] ?? 0) + 1 }),
      {},
    );

  async function rows<Row = Record<string, unknown>>(
    query: string,
    ...parameters: unknown[]
  ): Promise<Row[]> {
    return (await sql.query(query, parameters)).rows as Row[];
  }

  it('100 revocations of one license: one succeeds, with one record', async () => {
    const { id } = await aLicense(client);
    const other = new Client(replica.url, server.adminKey);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        (index % 2 === 0 ? client : other).send(
          index % 3 === 0 ? 'DELETE' : 'POST',
          `/api/v1/licenses/${id}/revoke`,
          {
            reason: `reason ${index}`,
          },
        ),
      ),
    );
    expect(statusesOf(answers)).toEqual({ 200: 1, 409: 99 });
    const winner = answers.findIndex(({ status }) => status === 200);
    expect((await client.get(`/api/v1/licenses/${id}`)).body.revoked_reason).toBe(`reason ${winner}`);
    expect(
      await rows(`SELECT 1 FROM audit_logs WHERE license_id = $1 AND event_type = 'license.revoked'`, id),
    ).toHaveLength(1);
    expect(await rows('SELECT version FROM licenses WHERE id = $1', id)).toEqual([{ version: 2 }]);
  });

  it('two creations of one customer: one succeeds', async () => {
    for (let round = 0; round < 10; round += 1) {
      const id = aCustomerId();
      const answers = await Promise.all(
        ['first', 'second'].map((name) => client.post('/api/v1/customers', { id, name })),
      );
      expect(statusesOf(answers)).toEqual({ 201: 1, 409: 1 });
      expect(answers.find(({ status }) => status === 409)!.body.code).toBe('customer_exists');
      const winner = answers.find(({ status }) => status === 201)!;
      expect((await client.get(`/api/v1/customers/${id}`)).body).toEqual(winner.body);
      expect(await rows(`SELECT 1 FROM audit_logs WHERE customer_id = $1`, id)).toHaveLength(1);
    }
  });

  it('two changes of one customer: neither is lost', async () => {
    const { id } = await aCustomer(client);
    await Promise.all([
      client.patch(`/api/v1/customers/${id}`, { phone: '1' }),
      client.patch(`/api/v1/customers/${id}`, { company: '2' }),
    ]);
    expect((await client.get(`/api/v1/customers/${id}`)).body).toMatchObject({ phone: '1', company: '2' });
    expect(await rows('SELECT version FROM customers WHERE id = $1', id)).toEqual([{ version: 3 }]);
  });

  it('issues and a deactivation: every license was issued before the deactivation', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const { id } = await aCustomer(client);
        const [first, deactivation, ...later] = await Promise.all([
          issueTo(id),
          client.patch(`/api/v1/customers/${id}`, { is_active: false }),
          ...Array.from({ length: 4 }, () => issueTo(id)),
        ]);
        expectStatus(deactivation, 200);
        return { id, issues: [first, ...later] };
      }),
    );
    for (const { id, issues } of outcomes) {
      for (const issue of issues) {
        expect([201, 409]).toContain(issue.status);
        if (issue.status === 409) expect(issue.body.code).toBe('customer_inactive');
      }
      // Ids of records are drawn while the locks are held, so they are in the order of the commits.
      const late = await rows(
        `SELECT issued.id FROM audit_logs issued JOIN audit_logs off USING (customer_id)
         WHERE customer_id = $1 AND issued.event_type = 'license.issued' AND off.event_type = 'customer.updated'
           AND issued.id > off.id`,
        id,
      );
      expect(late).toEqual([]);
      const issued = issues.filter(({ status }) => status === 201).length;
      expect(await rows('SELECT 1 FROM licenses WHERE customer_id = $1', id)).toHaveLength(issued);
    }
  });

  it('issues and a removal: no active license is left for a removed customer', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, async (_, round) => {
        const { id } = await aCustomer(client);
        const remove = (): Promise<Answer> => client.delete(`/api/v1/customers/${id}`);
        const issue = (): Promise<Answer> => issueTo(id);
        const [a, b, c, d] = await Promise.all(
          round % 2 === 0 ? [remove(), issue(), issue(), issue()] : [issue(), issue(), remove(), issue()],
        );
        const [removal, ...issues] = round % 2 === 0 ? [a, b, c, d] : [c, a, b, d];
        return { id, removal: removal, issues: issues };
      }),
    );
    for (const { id, removal, issues } of outcomes) {
      const [customer] = await rows<{ gone: boolean }>(
        'SELECT deleted_at IS NOT NULL AS gone FROM customers WHERE id = $1',
        id,
      );
      const living = await rows(`SELECT 1 FROM licenses WHERE customer_id = $1 AND status <> 'revoked'`, id);
      const issued = issues.filter(({ status }) => status === 201).length;
      if (removal.status === 204) {
        expect([customer!.gone, living.length, issued]).toEqual([true, 0, 0]);
        for (const { body } of issues) expect(body.code).toBe('customer_not_found');
      } else {
        expectStatus(removal, 409);
        expect(removal.body.code).toBe('customer_has_licenses');
        expect([customer!.gone, living.length]).toEqual([false, issued]);
        expect(issued).toBeGreaterThan(0);
      }
    }
  });

  it.each([
    ['deactivation', 'is_active = false', 409, 'customer_inactive'],
    ['removal', 'is_active = false, name = NULL, deleted_at = clock_timestamp()', 404, 'customer_not_found'],
  ])('an issue waits for a %s under way, and is refused', async (_, change, status, code) => {
    const { id } = await aCustomer(client);
    await sql.query('BEGIN');
    await sql.query(`UPDATE customers SET ${change} WHERE id = $1`, [id]);
    const issue = issueTo(id);
    await untilBlocked(sql);
    await sql.query('COMMIT');
    expectStatus(await issue, status);
    expect((await issue).body.code).toBe(code);
    expect(await rows('SELECT 1 FROM licenses WHERE customer_id = $1', id)).toEqual([]);
  });

  it('a deactivation and a removal wait for an issue under way', async () => {
    const { id } = await aCustomer(client);
    await sql.query('BEGIN');
    await sql.query('LOCK TABLE audit_logs IN SHARE ROW EXCLUSIVE MODE');
    const issue = issueTo(id);
    await untilBlocked(sql);
    const removal = client.delete(`/api/v1/customers/${id}`);
    const deactivation = client.patch(`/api/v1/customers/${id}`, { is_active: false });
    await untilBlocked(sql, 3);
    expect(
      await rows(
        `SELECT 1 FROM pg_stat_activity WHERE wait_event IN ('transactionid', 'tuple') AND datname = current_database()`,
      ),
    ).toHaveLength(2);
    await sql.query('COMMIT');
    expectStatus(await issue, 201);
    expectStatus(await removal, 409);
    expectStatus(await deactivation, 200);
  });

  it('issues to one customer do not wait for each other', async () => {
    const { id } = await aCustomer(client);
    await sql.query('BEGIN');
    await sql.query('SELECT 1 FROM customers WHERE id = $1 FOR SHARE', [id]);
    expectStatus(await issueTo(id), 201);
    await sql.query('ROLLBACK');
  });

  it('a revocation waits for another change of the license', async () => {
    const { id } = await aLicense(client);
    await sql.query('BEGIN');
    await sql.query(
      `UPDATE licenses SET status = 'revoked', revoked_at = now(), revoked_reason = 'first' WHERE id = $1`,
      [id],
    );
    const second = client.post(`/api/v1/licenses/${id}/revoke`, { reason: 'second' });
    await untilBlocked(sql);
    await sql.query('COMMIT');
    expectStatus(await second, 409);
    expect((await client.get(`/api/v1/licenses/${id}`)).body.revoked_reason).toBe('first');
  });

  it('a revocation and a removal of its customer end in one revocation', async () => {
    for (let round = 0; round < 10; round += 1) {
      const license = await aLicense(client);
      const [revocation, removal] = await Promise.all([
        client.post(`/api/v1/licenses/${license.id}/revoke`, { reason: 'refunded' }),
        client.delete(`/api/v1/customers/${license.customer_id}`),
      ]);
      expectStatus(revocation, 200);
      expect([204, 409]).toContain(removal.status);
      const records = await rows(
        `SELECT 1 FROM audit_logs WHERE license_id = $1 AND event_type = 'license.revoked'`,
        license.id,
      );
      expect(records).toHaveLength(1);
    }
  });

  it('a revocation that one server acknowledged is seen by every later validation on another', async () => {
    const elsewhere = new Client(replica.url);
    const licenses = await Promise.all(Array.from({ length: 50 }, () => aLicense(client)));
    const question = ({ token }: { token: string }): object => ({
      token,
      module_name: 'payroll',
      odoo_version: '17',
    });
    const before = await Promise.all(
      licenses.map((one) => elsewhere.post('/api/v1/licenses/validate', question(one))),
    );
    expect(before.map(({ body }) => body.code as string)).toEqual(licenses.map(() => 'VALID'));
    // Others are asked about all the while, so that the validation joins batches that began before.
    const noise = aLicense(client).then(async (other) => {
      const codes: string[] = [];
      for (let round = 0; round < 50; round += 1)
        codes.push((await elsewhere.post('/api/v1/licenses/validate', question(other))).body.code as string);
      return codes;
    });
    const after = await Promise.all(
      licenses.map(async (one) => {
        expectStatus(await client.post(`/api/v1/licenses/${one.id}/revoke`, { reason: 'refunded' }), 200);
        return (await elsewhere.post('/api/v1/licenses/validate', question(one))).body.code as string;
      }),
    );
    expect(after).toEqual(licenses.map(() => 'REVOKED'));
    expect(new Set(await noise)).toEqual(new Set(['VALID']));
  });
});
