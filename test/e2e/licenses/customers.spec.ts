import { createHash } from 'node:crypto';
import type { Client as SqlClient } from 'pg';
import { Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { aCustomer, aCustomerId, aLicense, verdictOf } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { superuserOf } from '../../support/database/sql';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const DETAILS = {
  name: 'Zoë Quux',
  email: 'zoe@quux.example',
  company: 'Quux Holding',
  phone: '+1 555 0199',
  address: '7 Elm Street',
  notes: 'pays late',
};

describe('a customer', () => {
  let server: TestServer;
  let client: Client;
  let anyone: Client;
  let sql: SqlClient;

  beforeAll(async () => {
    server = await testServer();
    client = new Client(server.url, server.adminKey);
    anyone = new Client(server.url);
    sql = await superuserOf(server);
  });
  afterAll(async () => {
    await sql.end();
    await server.close();
  });

  async function recordsOf(id: string): Promise<{ event_type: string; event_data: unknown }[]> {
    const { body } = await client.get(`/api/v1/admin/audit-logs?customer_id=${id}`);
    return body.audit_logs as { event_type: string; event_data: unknown }[];
  }

  const codeOf = (token: string): Promise<string> => verdictOf(anyone, token);

  it('is created with the given values', async () => {
    const id = aCustomerId();
    const created = await client.post('/api/v1/customers', { id, ...DETAILS });
    expectStatus(created, 201);
    expect(created.headers.get('location')).toBe(`/api/v1/customers/${id}`);
    expect(created.body).toEqual({
      id,
      ...DETAILS,
      is_active: true,
      created_at: expect.stringMatching(TIME),
      updated_at: expect.stringMatching(TIME),
    });
    const read = await client.get(`/api/v1/customers/${id}`);
    expectStatus(read, 200);
    expect(read.body).toEqual(created.body);
  });

  it('needs only an id and a name', async () => {
    const created = await client.post('/api/v1/customers', {
      id: aCustomerId(),
      name: 'x',
      is_active: false,
    });
    expect(created.body).toMatchObject({
      name: 'x',
      email: null,
      company: null,
      phone: null,
      address: null,
      notes: null,
      is_active: false,
    });
  });

  it('has an id that no other gets; another case is another id', async () => {
    const { id } = await aCustomer(client);
    const again = await client.post('/api/v1/customers', { id, name: 'Other' });
    expectStatus(again, 409);
    expect(again.body.code).toBe('customer_exists');
    expect((await client.get(`/api/v1/customers/${id}`)).body.name).toBe('Acme Corporation');
    expectStatus(await client.post('/api/v1/customers', { id: id.toLowerCase(), name: 'Other' }), 201);
  });

  it('keeps the fields that a change does not name, and loses those that it sets to null', async () => {
    const { id } = await aCustomer(client, DETAILS);
    const changed = await client.patch(`/api/v1/customers/${id}`, { phone: null, name: 'Zoë Corge' });
    expectStatus(changed, 200);
    expect(changed.body).toMatchObject({ ...DETAILS, phone: null, name: 'Zoë Corge', is_active: true });
    expect(changed.body.updated_at > changed.body.created_at).toBe(true);
    expect((await client.get(`/api/v1/customers/${id}`)).body).toEqual(changed.body);
  });

  it('leaves a record with the names of changed fields, not their values', async () => {
    const { id } = await aCustomer(client, DETAILS);
    await client.patch(`/api/v1/customers/${id}`, {
      phone: '+1 555 0200',
      name: DETAILS.name,
      is_active: false,
    });
    const [record] = await recordsOf(id);
    expect(record).toMatchObject({ event_type: 'customer.updated' });
    expect(new Set((record!.event_data as { fields: string[] }).fields)).toEqual(
      new Set(['phone', 'is_active']),
    );
    const { rows } = await sql.query(`SELECT a::text AS record FROM audit_logs a WHERE customer_id = $1`, [
      id,
    ]);
    expect(JSON.stringify(rows)).not.toMatch(/quux|555 0|elm|late/i);
  });

  it('is not changed by the values that it already has, and leaves no record of that', async () => {
    const { id } = await aCustomer(client, DETAILS);
    const before = (await client.get(`/api/v1/customers/${id}`)).body;
    for (const nothing of [{}, { name: DETAILS.name }, { ...DETAILS, is_active: true }]) {
      const answer = await client.patch(`/api/v1/customers/${id}`, nothing);
      expectStatus(answer, 200);
      expect(answer.body).toEqual(before);
    }
    expect(await recordsOf(id)).toHaveLength(1);
  });

  it('keeps its id, no matter what a change says', async () => {
    const { id } = await aCustomer(client);
    expectStatus(await client.patch(`/api/v1/customers/${id}`, { id: aCustomerId() }), 422);
    expectStatus(await client.patch(`/api/v1/customers/${aCustomerId()}`, { name: 'x' }), 404);
  });

  it('keeps the name in tokens that were issued before a change of it', async () => {
    const license = await aLicense(client);
    await client.patch(`/api/v1/customers/${license.customer_id}`, { name: 'New Name' });
    expect((await client.get(`/api/v1/licenses/${license.id}`)).body.token).toBe(license.token);
    expect(await codeOf(license.token)).toBe('VALID');
  });

  it('cannot be removed while a license is not revoked, no matter which status it has', async () => {
    const { id } = await aCustomer(client);
    const revoked = await aLicense(client, { customer_id: id });
    await client.post(`/api/v1/licenses/${revoked.id}/revoke`, { reason: 'refunded' });
    const living = await aLicense(client, { customer_id: id, license_type: 'demo' });
    const remove = async (): Promise<number> => {
      const answer = await client.delete(`/api/v1/customers/${id}`);
      if (answer.status !== 204) expect(answer.body.code).toBe('customer_has_licenses');
      return answer.status;
    };
    expect(await remove()).toBe(409);
    await sql.query('UPDATE licenses SET expires_at = now() WHERE id = $1', [living.id]);
    expect(await remove()).toBe(409);
    await sql.query(`UPDATE licenses SET status = 'suspended', suspended_at = now() WHERE id = $1`, [
      living.id,
    ]);
    expect(await remove()).toBe(409);
    expect((await client.get(`/api/v1/customers/${id}`)).body.name).toBe('Acme Corporation');
    expect((await client.get(`/api/v1/licenses/${living.id}`)).body.token).toBe(living.token);
    await client.post(`/api/v1/licenses/${living.id}/revoke`, { reason: 'refunded' });
    expect(await remove()).toBe(204);
  });

  it('leaves only its id, which can never be used again', async () => {
    const { id } = await aCustomer(client, DETAILS);
    const license = await aLicense(client, { customer_id: id });
    await client.post(`/api/v1/licenses/${license.id}/revoke`, { reason: 'refunded' });
    const removed = await client.delete(`/api/v1/customers/${id}`);
    expectStatus(removed, 204);
    expect(removed.body).toBe('');

    expect((await client.post('/api/v1/customers', { id, name: 'Other' })).body.code).toBe('customer_exists');
    for (const answer of [
      await client.get(`/api/v1/customers/${id}`),
      await client.patch(`/api/v1/customers/${id}`, { name: 'Back' }),
      await client.delete(`/api/v1/customers/${id}`),
    ]) {
      expectStatus(answer, 404);
      expect(answer.body.code).toBe('customer_not_found');
    }
    const { rows } = await sql.query('SELECT * FROM customers WHERE id = $1', [id]);
    expect(rows).toEqual([
      expect.objectContaining({
        id,
        name: null,
        email: null,
        company: null,
        phone: null,
        address: null,
        notes: null,
        is_active: false,
        deleted_at: expect.any(Date),
      }),
    ]);
    expect((await recordsOf(id))[0]).toMatchObject({ event_type: 'customer.deleted', event_data: {} });
  });

  it('revokes its tokens, which answer REVOKED forever', async () => {
    const { id } = await aCustomer(client, DETAILS);
    const licenses = await Promise.all([1, 2].map(() => aLicense(client, { customer_id: id })));
    for (const license of licenses)
      await client.post(`/api/v1/licenses/${license.id}/revoke`, { reason: 'refunded' });
    expectStatus(await client.delete(`/api/v1/customers/${id}`), 204);
    for (const license of licenses) {
      const { rows } = await sql.query(
        `SELECT l.token, t.sha256 FROM licenses l JOIN license_tokens t ON t.license_id = l.id WHERE l.id = $1`,
        [license.id],
      );
      expect(rows).toEqual([{ token: null, sha256: createHash('sha256').update(license.token).digest() }]);
      expect(await codeOf(license.token)).toBe('REVOKED');
      const read = await client.get(`/api/v1/licenses/${license.id}`);
      expectStatus(read, 200);
      expect(read.body).toMatchObject({
        status: 'revoked',
        revoked_reason: 'refunded',
        token: null,
        customer_id: id,
      });
      expect(JSON.stringify(read.body)).not.toMatch(/quux|555 0|elm/i);
    }
    expect(JSON.stringify((await client.get(`/api/v1/licenses?customer_id=${id}`)).body)).not.toMatch(
      /quux/i,
    );
  });
});
