import type { Client as SqlClient } from 'pg';
import { expectStatus } from '../../support/contract/expect-status';
import { superuserOf } from '../../support/database/sql';
import { aLicense, validation } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { Client } from '../../support/requests/client';

const PATH = '/api/v1/admin/stats/series';

interface ShownSeries {
  starts: string[];
  verdicts: Record<string, number[]>;
  licenses: Record<string, number[]>;
  admissions: Record<string, number[]>;
  seats_in_use: (number | null)[];
  counted_since: string | null;
}

describe('series of statistics', () => {
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

  async function read(query = ''): Promise<ShownSeries> {
    const answer = await client.get(PATH + query);
    expectStatus(answer, 200);
    return answer.body as ShownSeries;
  }
  const total = (numbers: readonly (number | null)[] = []): number =>
    numbers.reduce<number>((sum, number) => sum + (number ?? 0), 0);
  const totals = (numbers: Record<string, number[]>): Record<string, number> =>
    Object.fromEntries(
      Object.entries(numbers)
        .map(([name, list]): [string, number] => [name, total(list)])
        .filter(([, sum]) => sum > 0),
    );

  it('have each verdict, change and admission right after it', async () => {
    const seats = { max: 1, mode: 'floating', required: false };
    const license = await aLicense(client, { seats });
    const revoked = await aLicense(client);
    expectStatus(await client.post(`/api/v1/licenses/${revoked.id}/revoke`, { reason: 'refunded' }), 200);
    for (const token of [license.token, license.token, revoked.token, 'x']) await validation(client, token);
    const asked = { token: license.token, module_name: license.module_name, odoo_version: '17.0' };
    const activate = (fingerprint: string) =>
      client.post('/api/v1/activations', { ...asked, fingerprint, name: 'x' });
    expectStatus(await activate('one'), 201);
    expectStatus(await activate('one'), 200);
    expectStatus(await activate('two'), 409);
    expectStatus(
      await client.post('/api/v1/activations', { ...asked, token: revoked.token, fingerprint: 'x' }),
      403,
    );

    for (const query of ['', '?interval=hour']) {
      const { starts, verdicts, licenses, admissions } = await read(query);
      expect(totals(verdicts)).toEqual({ VALID: 2, REVOKED: 1, MALFORMED: 1 });
      expect(totals(licenses)).toEqual({ issued: 2, revoked: 1 });
      expect(totals(admissions)).toEqual({ admitted: 1, renewed: 1, seats_exhausted: 1, refused: 1 });
      for (const list of [
        ...Object.values(verdicts),
        ...Object.values(licenses),
        ...Object.values(admissions),
      ])
        expect(list).toHaveLength(starts.length);
    }
  });

  it('are cut into days and hours of UTC', async () => {
    await sql.query(
      `INSERT INTO activity_counts (hour, counter, count) VALUES
         ('2020-02-28T23:00:00Z', 'verdicts.VALID', 1), ('2020-02-29T00:00:00Z', 'verdicts.VALID', 2),
         ('2020-02-29T23:00:00Z', 'verdicts.VALID', 3), ('2020-03-01T00:00:00Z', 'verdicts.VALID', 4),
         ('2020-02-29T05:00:00Z', 'seats.in_use', 5), ('2020-02-29T06:00:00Z', 'seats.in_use', 4)`,
    );
    const days = await read('?since=2020-02-28T05:00:00Z&until=2020-03-01T00:00:00Z');
    expect(days).toMatchObject({
      starts: ['2020-02-28T00:00:00.000Z', '2020-02-29T00:00:00.000Z'],
      seats_in_use: [null, 5],
      counted_since: '2020-02-28T23:00:00.000Z',
    });
    expect(days.verdicts.VALID).toEqual([1, 5]);
    const hours = await read('?interval=hour&since=2020-02-29T01:30:00%2B01:00&until=2020-02-29T02:00:00Z');
    expect(hours.starts).toEqual(['2020-02-29T00:00:00.000Z', '2020-02-29T01:00:00.000Z']);
    expect(hours.verdicts.VALID).toEqual([2, 0]);
  });

  it('have what a server counted that has ended', async () => {
    const { database } = server;
    const other = await testServer({ database, keysDir: server.keysDir });
    const { token } = await aLicense(client);
    await validation(new Client(other.url), token);
    await other.close();
    expect(total((await read()).verdicts.VALID)).toBe(1);
  });
});
