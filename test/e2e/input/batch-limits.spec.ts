import type { Client as SqlClient } from 'pg';
import { type Answer, Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { aLicense, anApiKey, type IssuedLicense } from '../../support/factories';
import { Scrape } from '../../support/trail/scrape';
import { testServer, type TestServer } from '../../support/processes/server';
import { superuserOf } from '../../support/database/sql';

const ROUTE = '/api/v1/licenses/validate/batch';

describe('a batch of validations', () => {
  let server: TestServer;
  let admin: Client;
  let sql: SqlClient;
  let license: IssuedLicense;

  /** Each test its own buckets: nothing is counted yet. */
  beforeEach(async () => {
    server = await testServer({ variables: { RATE_LIMIT_BATCH_ITEMS: '10', RATE_LIMIT_LICENSE: '60' } });
    admin = new Client(server.url, server.adminKey);
    sql = await superuserOf(server);
    license = await aLicense(admin);
  });
  afterEach(async () => {
    await sql.end();
    await server.close();
  });

  const question = (module_name: string) => ({ token: license.token, module_name, odoo_version: '17' });
  const differing = (count: number) =>
    Array.from({ length: count }, (_, index) => question(index === 0 ? 'payroll' : `module-${index}`));
  const ask = (items: unknown[], client = admin): Promise<Answer> => client.post(ROUTE, { items });
  const codesOf = ({ body }: Answer) =>
    (body as { results: { code: string }[] }).results.map(({ code }) => code);

  async function records(): Promise<number> {
    const { rows } = await sql.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM audit_logs WHERE event_type = 'license.validated'`,
    );
    return rows[0]!.count;
  }

  it('answers each of several equal items, and records and counts them once', async () => {
    const bound = { ...question('payroll'), instance_db_uuid: 'a', instance_domain: 'b' };
    const items = [
      ...Array.from({ length: 400 }, () => question('payroll')),
      bound,
      ...Array.from({ length: 300 }, () => question('sales')),
      { ...bound, instance_db_uuid: 'ab', instance_domain: 'b' },
      ...Array.from({ length: 200 }, () => ({
        token: ` ${license.token}\n`,
        module_name: 'payroll',
        version: '17',
        instance_domain: null,
      })),
    ];
    const answer = await ask(items);
    expectStatus(answer, 200);
    expect(codesOf(answer)).toEqual([
      ...Array<string>(401).fill('VALID'),
      ...Array<string>(300).fill('MODULE_MISMATCH'),
      ...Array<string>(201).fill('VALID'),
    ]);
    expect(await records()).toBe(4);
    expect(answer.headers.get('ratelimit')).toMatch(/"batch-items";r=6;t=\d+$/);
  });

  it('takes no token that is longer than 65,536 characters with its white space, also next to the same without', async () => {
    const padded = (length: number) => ({
      ...question('payroll'),
      token: license.token.padEnd(length),
    });
    const answer = await ask([padded(65_537), question('payroll'), padded(65_536)]);
    expectStatus(answer, 200);
    expect(codesOf(answer)).toEqual(['MALFORMED', 'VALID', 'VALID']);
  });

  it('is refused as a whole beyond the limit: nothing is verified, recorded or counted as a verdict', async () => {
    expectStatus(await ask(differing(6)), 200);
    const before = await records();
    const refused = await ask(differing(6).map((item) => ({ ...item, odoo_version: '18' })));
    expectStatus(refused, 429);
    expect(refused.body).toMatchObject({
      code: 'rate_limited',
      detail: expect.stringContaining('4 of 10') as string,
    });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    // A token that nobody has seen yet would be a miss.
    const other = await aLicense(admin);
    const misses = async () =>
      (await Scrape.of(server.metricsUrl)).value('aegis_signature_cache_total{result="miss"}');
    const missesBefore = await misses();
    expectStatus(await ask(differing(5).map((item) => ({ ...item, token: other.token }))), 429);
    expect(await misses()).toBe(missesBefore);
    expect(await records()).toBe(before);
    expectStatus(await ask(differing(4)), 200);
    expect(await records()).toBe(before + 4);
  });

  it('gets an error that says so if it can never succeed', async () => {
    const refused = await ask(differing(11));
    expectStatus(refused, 429);
    expect(refused.body.detail).toContain('it can never succeed');
    expect(await records()).toBe(0);
  });

  it('counts only for its key', async () => {
    const other = await anApiKey(admin, { scopes: ['licenses:validate'] });
    expectStatus(await ask(differing(10)), 200);
    expectStatus(await ask(differing(1)), 429);
    expectStatus(await ask(differing(10), new Client(server.url, other.key)), 200);
  });

  it("does not use up the license's own limit", async () => {
    const equal = Array.from({ length: 900 }, () => question('payroll'));
    expectStatus(await ask([...equal, ...differing(10)]), 200);
    const one = await new Client(server.url).post('/api/v1/licenses/validate', question('payroll'));
    expect(one.headers.get('ratelimit')).toMatch(/"license";r=59;t=\d+$/);
  });
});
