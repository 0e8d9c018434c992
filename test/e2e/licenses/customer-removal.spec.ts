import { randomBytes } from 'node:crypto';
import { Client as Postgres } from 'pg';
import { Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { aCustomer, aLicense, anApiKey, validation } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';

const secret = (field: string): string => `canary-${field}-${randomBytes(8).toString('hex')}`;

/** Every row of every table, partition and sequence that the database has, as text. */
async function everything(server: TestServer): Promise<string> {
  const postgres = new Postgres({ connectionString: server.database.superuserUrl });
  await postgres.connect();
  try {
    const { rows } = await postgres.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'public'`,
    );
    const lines: string[] = [];
    for (const { name } of rows) {
      const table = await postgres.query<{ row: string }>(`SELECT t::text AS row FROM ${name} AS t`);
      lines.push(...table.rows.map(({ row }) => row));
    }
    return lines.join('\n');
  } finally {
    await postgres.end();
  }
}

describe('the removal of a customer', () => {
  let server: TestServer;
  let admin: Client;

  beforeAll(async () => {
    server = await testServer();
    admin = new Client(server.url, server.adminKey);
  });

  afterAll(async () => {
    await server.close();
  });

  const validate = (token: string) => validation(new Client(server.url), token);

  it('leaves none of the personal data in any table or log, and the old tokens answer REVOKED', async () => {
    const personal = {
      name: secret('name'),
      email: `${secret('email')}@example.com`,
      company: secret('company'),
      phone: secret('phone'),
      address: secret('address'),
      notes: secret('notes'),
    };
    const customer = await aCustomer(admin, personal);
    const idempotent = { 'Idempotency-Key': randomBytes(8).toString('hex') };
    expectStatus(
      await admin.patch(`/api/v1/customers/${customer.id}`, { phone: personal.phone }, idempotent),
      200,
    );
    const first = await aLicense(admin, { customer_id: customer.id });
    const second = await aLicense(admin, { customer_id: customer.id });
    const reissued = await admin.post(`/api/v1/licenses/${second.id}/reissue`, {}, idempotent);
    expectStatus(await admin.get(`/api/v1/customers?q=${personal.name}`), 200);
    expect((await validate(first.token)).body.customer_name).toBe(personal.name);
    const before = await everything(server);
    for (const value of Object.values(personal)) expect(before).toContain(value);
    expect(before).toContain(first.token);

    const refused = await admin.delete(`/api/v1/customers/${customer.id}`);
    expectStatus(refused, 409);
    expect(refused.body.code).toBe('customer_has_licenses');
    expectStatus(await admin.delete(`/api/v1/customers/${customer.id}?revoke_licenses=true`), 204);

    const after = `${await everything(server)}\n${server.log()}`;
    expect(after).toContain(customer.id);
    for (const value of Object.values(personal)) expect(after).not.toContain(value);
    for (const token of [first.token, second.token, reissued.body.token as string]) {
      expect(after).not.toContain(token);
      expect(after).not.toContain(token.split('.')[1]);
      expect((await validate(token)).body.code).toBe('REVOKED');
    }
    expectStatus(await admin.get(`/api/v1/customers/${customer.id}`), 404);
    const license = await admin.get(`/api/v1/licenses/${first.id}`);
    expect(license.body).toMatchObject({ status: 'revoked', token: null, customer: null });
    expectStatus(await admin.get(`/api/v1/licenses/${first.id}/token`), 404);
    const again = await admin.post('/api/v1/customers', { id: customer.id, name: 'Another' });
    expectStatus(again, 409);
    expect(again.body.code).toBe('customer_exists');
    const trail = await admin.get(`/api/v1/admin/audit-logs?customer_id=${customer.id}&page_size=100`);
    const events = (trail.body.audit_logs as { event_type: string }[]).map(({ event_type }) => event_type);
    expect(events.filter((event) => event === 'license.revoked')).toHaveLength(2);
    expect(events).toContain('customer.deleted');
  });

  it('needs licenses:revoke if it revokes licenses', async () => {
    const writer = new Client(server.url, (await anApiKey(admin, { scopes: ['customers:write'] })).key);
    const customer = await aCustomer(admin);
    const license = await aLicense(admin, { customer_id: customer.id });
    const refused = await writer.delete(`/api/v1/customers/${customer.id}?revoke_licenses=true`);
    expectStatus(refused, 403);
    expect(refused.body).toMatchObject({
      code: 'insufficient_scope',
      detail: expect.stringContaining('licenses:revoke') as string,
    });
    expect((await validate(license.token)).body.code).toBe('VALID');
    expectStatus(await admin.post(`/api/v1/licenses/${license.id}/revoke`, { reason: 'r' }), 200);
    expectStatus(await writer.delete(`/api/v1/customers/${customer.id}`), 204);
    expectStatus(await writer.delete(`/api/v1/customers/${customer.id}`), 404);
  });

  it('and an issue at the same time happen one after the other', async () => {
    for (let round = 0; round < 20; round += 1) {
      const customer = await aCustomer(admin);
      const [issued, removed] = await Promise.all([
        admin.post('/api/v1/licenses', {
          customer_id: customer.id,
          module_name: 'payroll',
          allowed_major_versions: ['17'],
          license_type: 'perpetual',
        }),
        admin.delete(`/api/v1/customers/${customer.id}?revoke_licenses=true`),
      ]);
      expectStatus(removed, 204);
      expect([201, 404]).toContain(issued.status);
      if (issued.status === 201)
        expect((await validate(issued.body.token as string)).body.code).toBe('REVOKED');
    }
  });
});
