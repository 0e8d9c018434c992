import type { Client as SqlClient } from 'pg';
import { expectStatus } from '../../support/contract/expect-status';
import { superuserOf } from '../../support/database/sql';
import { aLicense, type IssuedLicense } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { type Answer, Client } from '../../support/requests/client';

describe('a batch of heartbeats', () => {
  let server: TestServer;
  let admin: Client;
  let holder: SqlClient;

  beforeAll(async () => {
    server = await testServer({ variables: { DB_LOCK_TIMEOUT_MS: '300' } });
    admin = new Client(server.url, server.adminKey);
    holder = await superuserOf(server);
  });
  afterAll(async () => {
    await holder.end();
    await server.close();
  });

  const seated = (): Promise<IssuedLicense> => aLicense(admin, { seats: { max: 5, mode: 'floating' } });
  const admitted = async (token: string, fingerprint: string): Promise<string> => {
    const question = { token, module_name: 'payroll', odoo_version: '17.0', fingerprint };
    const answer = await admin.post('/api/v1/activations', question);
    expectStatus(answer, 201);
    return answer.body.id as string;
  };
  const renew = (items: object[]): Promise<Answer> => admin.post('/api/v1/activations/heartbeats', { items });
  /** Does something while somebody else has locked what a query selects. */
  async function whileHeld(query: string, values: unknown[], work: () => Promise<void>): Promise<void> {
    await holder.query('BEGIN');
    try {
      await holder.query(`${query} FOR UPDATE`, values);
      await work();
    } finally {
      await holder.query('ROLLBACK');
    }
  }
  const BUSY = { activation: null, error: { code: 'service_unavailable' } };

  it('renews the others of those that somebody holds for long', async () => {
    const { token } = await seated();
    const ids = [await admitted(token, 'a'), await admitted(token, 'b'), await admitted(token, 'c')];
    const [a, b, c] = ids;
    const items = ids.map((id, index) => ({ id, fingerprint: 'abc'.charAt(index) }));
    await whileHeld('SELECT FROM activations WHERE id = ANY($1)', [[a, b]], async () => {
      expect(await renew(items)).toMatchObject({
        status: 200,
        body: { results: [BUSY, BUSY, { activation: { id: c }, error: null }] },
      });
    });
    expect((await renew(items)).body.results).toMatchObject(ids.map((id) => ({ activation: { id } })));
  });

  it('renews the others of those whose seats somebody holds for long', async () => {
    const [{ id: licenseId, token }, { token: other }] = [await seated(), await seated()];
    const [a, b] = [await admitted(token, 'a'), await admitted(other, 'b')];
    await holder.query(
      `UPDATE activations SET lease_ends_at = clock_timestamp() - interval '1 second' WHERE license_id = $1`,
      [licenseId],
    );
    const items = [
      { id: a, fingerprint: 'a' },
      { id: b, fingerprint: 'b' },
    ];
    const live = { activation: { id: b }, error: null };
    await whileHeld('SELECT FROM license_seats WHERE license_id = $1', [licenseId], async () => {
      expect(await renew(items)).toMatchObject({ status: 200, body: { results: [BUSY, live] } });
    });
    const ended = { activation: null, error: { code: 'activation_ended', ended_by: 'lease' } };
    expect(await renew(items)).toMatchObject({ status: 200, body: { results: [ended, live] } });
  });
});
