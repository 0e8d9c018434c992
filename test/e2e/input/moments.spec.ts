import fc from 'fast-check';
import { aCustomer, aLicense } from '../../support/factories';
import { Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { Forger } from '../../support/keys/forger';
import { testServer, type TestServer } from '../../support/processes/server';
import { superuserOf } from '../../support/database/sql';

const OUT_OF_RANGE = 'must be from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z in UTC';
const LAST = '9999-12-31T23:59:59.000Z';

/** Times near both ends of what RFC 3339 can write, and in the middle. */
const anyTime = fc
  .tuple(
    fc.constantFrom(
      '0001-01-01T00:00:00',
      '9999-12-31T23:59:59',
      '9999-12-31T12:00:00.5',
      '2990-02-03T19:12:10',
    ),
    fc.constantFrom('Z', '+00:01', '-00:01', '+23:59', '-23:59', '-01:00', '+14:00'),
  )
  .map(([time, offset]) => time + offset);

// The client holds every answer against the contract: `format: date-time` is four digits of a year, in UTC.
describe('a moment', () => {
  let server: TestServer;
  let client: Client;
  let customer: string;

  beforeAll(async () => {
    server = await testServer();
    client = new Client(server.url, server.adminKey);
    customer = (await aCustomer(client)).id;
  });
  afterAll(() => server.close());

  const aSubscription = (): Promise<{ id: string }> =>
    aLicense(client, { customer_id: customer, license_type: 'subscription', duration_days: 1 });
  const errorsOf = (answer: { body: { errors?: unknown } }): unknown => answer.body.errors;

  it('of a renewal can be written in answers, or is refused', async () => {
    const { id } = await aSubscription();
    const path = `/api/v1/licenses/${id}/renew`;
    for (const expires_at of ['9999-12-31T23:59:59-01:00', '9999-12-31T23:59:59-00:01']) {
      const refused = await client.post(path, { expires_at });
      expectStatus(refused, 422);
      expect(errorsOf(refused)).toEqual([{ field: 'expires_at', message: OUT_OF_RANGE }]);
    }
    const renewed = await client.post(path, { expires_at: '9999-12-31T23:59:59Z' });
    expectStatus(renewed, 200);
    expect(renewed.body.expires_at).toBe(LAST);
    for (const duration_days of [1, 36_500]) {
      const refused = await client.post(path, { duration_days });
      expectStatus(refused, 422);
      expect(errorsOf(refused)).toEqual([
        {
          field: 'duration_days',
          message: 'must not end after 9999-12-31T23:59:59Z, the latest end of a license',
        },
      ]);
    }
    const { token } = renewed.body as { token: string };
    const question = { token, module_name: 'payroll', odoo_version: '17' };
    expect((await client.post('/api/v1/licenses/validate', question)).body).toMatchObject({
      code: 'VALID',
      expires_at: LAST,
    });
    expect((await client.get(`/api/v1/licenses/${id}/status`)).body.expires_at).toBe(LAST);
    expectStatus(await client.get('/api/v1/licenses?sort=-expires_at'), 200);
  });

  it('of an API key can be written in answers, or is refused', async () => {
    const key = { name: 'edge', scopes: ['licenses:read'] };
    const refused = await client.post('/api/v1/admin/api-keys', {
      ...key,
      expires_at: '9999-12-31T23:59:59-01:00',
    });
    expectStatus(refused, 422);
    expect(errorsOf(refused)).toEqual([{ field: 'expires_at', message: OUT_OF_RANGE }]);
    const made = await client.post('/api/v1/admin/api-keys', {
      ...key,
      expires_at: '9999-12-31T23:59:59.9999Z',
    });
    expectStatus(made, 201);
    expect(made.body.expires_at).toBe('9999-12-31T23:59:59.999Z');
    expectStatus(
      await client.patch(`/api/v1/admin/api-keys/${made.body.id}`, {
        expires_at: '0001-01-01T00:00:00+01:00',
      }),
      422,
    );
    expectStatus(await client.get('/api/v1/admin/api-keys'), 200);
  });

  it('that is accepted anywhere is answered as an RFC 3339 time, no matter how it was written', async () => {
    const { id } = await aSubscription();
    await fc.assert(
      fc.asyncProperty(anyTime, fc.integer({ min: 1, max: 36_500 }), async (time, days) => {
        const asked = encodeURIComponent(time);
        const key = { name: 'any', scopes: ['licenses:read'], expires_at: time };
        const answers = [
          await client.post(`/api/v1/licenses/${id}/renew`, { expires_at: time }),
          await client.post(`/api/v1/licenses/${id}/renew`, { duration_days: days }),
          await client.post('/api/v1/admin/api-keys', key),
          await client.get(`/api/v1/licenses?expires_before=${asked}`),
          await client.get(`/api/v1/licenses?expires_after=${asked}`),
          await client.get(`/api/v1/admin/audit-logs?since=${asked}&page_size=1`),
          await client.get(`/api/v1/admin/audit-logs?until=${asked}&page_size=1`),
        ];
        for (const { status } of answers) expect([200, 201, 422]).toContain(status);
        expectStatus(await client.get(`/api/v1/licenses/${id}`), 200);
      }),
      { numRuns: 25 },
    );
  });

  it.each([
    'licenses?expires_before',
    'licenses?expires_after',
    'admin/audit-logs?since',
    'admin/audit-logs?until',
  ])('in %s with a bare + says how a + is written there', async (parameter) => {
    const [, field] = parameter.split('?');
    const answer = await client.get(`/api/v1/${parameter}=2026-02-03T19:12:10+02:00`);
    expectStatus(answer, 422);
    expect(errorsOf(answer)).toEqual([
      {
        field,
        message: 'must have the + of its offset written as %2B: in a query, a + means a space',
      },
    ]);
    expectStatus(await client.get(`/api/v1/${parameter}=2026-02-03T19:12:10%2B02:00`), 200);
  });

  it('in a cursor is refused outside of the range', async () => {
    const list = await client.get('/api/v1/customers?page_size=1');
    await aCustomer(client);
    const first = await client.get('/api/v1/customers?page_size=1');
    expectStatus(list, 200);
    const [hash, , id] = JSON.parse(
      Buffer.from(first.body.next_cursor as string, 'base64url').toString(),
    ) as string[];
    for (const time of ['9999-12-31T23:59:59-01:00', '0001-01-01T00:00:00+01:00']) {
      const cursor = Buffer.from(JSON.stringify([hash, time, id])).toString('base64url');
      const answer = await client.get(`/api/v1/customers?page_size=1&cursor=${cursor}`);
      expectStatus(answer, 422);
      expect(errorsOf(answer)).toEqual([
        { field: 'cursor', message: 'must be the next_cursor of an earlier answer' },
      ]);
    }
  });

  it.each([
    ['exp', 253_402_300_800],
    ['exp', 1e15],
    ['exp', 1e300],
    ['exp', -1],
    ['iat', -1],
    ['iat', 253_402_300_800],
    ['iat', 1e300],
    ['iat', -62_135_596_801],
  ])('in a token makes it malformed if no answer can write it: %s %d', async (claim, second) => {
    const sql = await superuserOf(server);
    const { rows } = await sql.query<{ kid: string }>(`SELECT kid FROM signing_keys WHERE state = 'active'`);
    await sql.end();
    const forger = new Forger(server.keysDir, rows[0]!.kid);
    const token = forger.token(forger.claims({ license_type: 'subscription', exp: 4e9, [claim]: second }));
    const question = { token, module_name: 'payroll', odoo_version: '17' };
    const verdict = await client.post('/api/v1/licenses/validate', question);
    expectStatus(verdict, 200);
    expect(verdict.body).toMatchObject({ code: 'MALFORMED', expires_at: null });
    const inspected = await client.post('/api/v1/licenses/inspect', { token });
    expect([404, 422]).toContain(inspected.status);
  });
});
