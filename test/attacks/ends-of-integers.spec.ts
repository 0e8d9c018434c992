import type { Client as SqlClient } from 'pg';
import { superuserOf } from '../support/database/sql';
import { aLicense, anApiKey } from '../support/factories';
import { testServer, type TestServer } from '../support/processes/server';
import { Client } from '../support/requests/client';

/** Somebody with the server's database role sets numbers to their end, so that nothing can be added to them. */
describe('rows whose numbers are at their end', () => {
  let server: TestServer;
  let client: Client;
  let sql: SqlClient;

  beforeAll(async () => {
    server = await testServer();
    client = new Client(server.url, server.adminKey);
    sql = await superuserOf(server);
  });
  afterAll(async () => {
    await sql.end();
    await server.close();
  });

  const END = 'SET version = 2147483647';
  const statusOf = async (answer: ReturnType<Client['post']>): Promise<number> => (await answer).status;

  it('can still be changed and ended', async () => {
    const key = `/api/v1/admin/api-keys/${(await anApiKey(client)).id}`;
    const { id, customer_id } = await aLicense(client);
    const license = `/api/v1/licenses/${id}`;
    await sql.query(`UPDATE api_keys ${END} WHERE name = 'made up'`);
    expect(await statusOf(client.post(`${key}/rotate`, {}))).toBe(200);
    await sql.query(`UPDATE api_keys ${END} WHERE name = 'made up'`);
    expect(await statusOf(client.delete(key))).toBe(204);
    await sql.query(`UPDATE customers ${END}`);
    expect(await statusOf(client.patch(`/api/v1/customers/${customer_id}`, { name: 'Other' }))).toBe(200);
    await sql.query(`UPDATE licenses ${END}, revision = 2147483647`);
    const reissued = await client.post(`${license}/reissue`, {});
    expect([reissued.status, (reissued.body as { detail: string }).detail]).toEqual([
      409,
      expect.stringContaining('has had as many tokens as a license can have'),
    ]);
    expect(await statusOf(client.post(`${license}/revoke`, { reason: 'stolen' }))).toBe(200);
  });
});
