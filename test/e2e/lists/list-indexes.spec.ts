import { Client as SqlClient } from 'pg';
import { Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { testServer, type TestServer } from '../../support/processes/server';

/** A node of EXPLAIN (FORMAT JSON). */
interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  Plans?: PlanNode[];
}

interface Scans {
  /** Indexes of the list's table that are read; `Seq Scan …` where none is. */
  page: string[];
  count: string[];
  body: { total: number; next_cursor: string | null };
}

const nodesOf = (plan: PlanNode): PlanNode[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

describe('a list of 20,000', () => {
  let server: TestServer;
  let client: Client;
  let owner: SqlClient;
  let asked: { text: string; values: unknown[] }[];

  beforeAll(async () => {
    server = await testServer();
    client = new Client(server.url, server.adminKey);
    owner = new SqlClient({ connectionString: server.database.ownerUrl });
    await owner.connect();
    await owner.query(`
      INSERT INTO signing_keys (kid, alg, public_key, state)
      SELECT 'key-' || n, 'EdDSA', rpad('k' || n, 42, 'x') || 'A', 'retired' FROM generate_series(1, 50) n;
      INSERT INTO customers (id, name, email, company, is_active, created_at)
      SELECT 'Customer-' || n, 'Person ' || n, 'mail' || n || '@acme.example', 'Company ' || n, n % 100 > 0,
             now() - n * interval '1 minute'
      FROM generate_series(1, 20000) n;
      INSERT INTO licenses (customer_id, module_name, license_type, allowed_major_versions, issued_at, created_at,
                            expires_at, key_id, status, revoked_at, suspended_at)
      SELECT 'Customer-' || 1 + n % 500, 'Module_' || n % 200, kind, '{17}', born, born,
             CASE WHEN kind <> 'perpetual' THEN now() + (n % 1000 - 20) * interval '1 day' END,
             'key-' || 1 + n % 50, state,
             CASE state WHEN 'revoked' THEN now() END, CASE state WHEN 'suspended' THEN now() END
      FROM generate_series(1, 20000) n,
           LATERAL (SELECT CASE WHEN n % 100 = 0 THEN 'demo' WHEN n % 3 = 0 THEN 'perpetual'
                           ELSE 'subscription' END AS kind,
                           CASE WHEN n % 50 = 0 THEN 'revoked' WHEN n % 70 = 0 THEN 'suspended'
                           ELSE 'active' END AS state,
                           now() - n * interval '1 minute' AS born) AS made;
      INSERT INTO audit_logs (event_type, license_id, customer_id, api_key_id, request_id, actor, recorded_at)
      SELECT CASE WHEN n % 100 = 0 THEN 'license.issued' ELSE 'license.validated' END,
             CASE WHEN n % 100 = 0 THEN '00000000-0000-0000-0000-000000000001' ELSE gen_random_uuid() END,
             'Customer-' || n % 500, 'key' || n % 500, 'request-' || n, 'system',
             date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + n * interval '1 second'
      FROM generate_series(1, 20000) n;`);
    await owner.query('ANALYZE');
    asked = [];
    const query = SqlClient.prototype.query;
    jest.spyOn(SqlClient.prototype, 'query').mockImplementation(function (
      this: SqlClient,
      ...given: unknown[]
    ) {
      const [text, values] = given;
      if (typeof text === 'string') asked.push({ text, values: Array.isArray(values) ? values : [] });
      return Reflect.apply(query, this, given) as never;
    });
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await owner.end();
    await server.close();
  });

  /** What PostgreSQL reads for the statements that a request causes. */
  async function scansOf(path: string): Promise<Scans> {
    asked = [];
    const answer = await client.get(`/api/v1/${path}`);
    expectStatus(answer, 200);
    const table = path.replace('admin/', '').replace('-', '_').split('?')[0]!;
    const ours = asked.filter(({ text }) => text.includes(`FROM "${table}"`));
    const scans = async (counting: boolean): Promise<string[]> => {
      const { text, values } = ours.find((one) => one.text.includes('count(*)') === counting)!;
      const { rows } = await owner.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
        `EXPLAIN (FORMAT JSON) ${text}`,
        values,
      );
      return nodesOf(rows[0]!['QUERY PLAN'][0].Plan)
        .map((node) => node['Index Name'] ?? `${node['Node Type']} ${node['Relation Name'] ?? ''}`)
        .filter((scan) => scan === `Seq Scan ${table}` || scan.startsWith(`${table}_`));
    };
    return { page: await scans(false), count: await scans(true), body: answer.body as Scans['body'] };
  }

  const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();

  it.each([
    ['licenses?customer_id=Customer-7', /^licenses_by_customer$/],
    ['licenses?module_name=Module_7', /^licenses_by_module$/],
    ['licenses?license_type=demo', /^licenses_by_type$/],
    ['licenses?status=revoked', /^licenses_by_(status|creation)$/],
    ['licenses?status=suspended', /^licenses_by_(status|creation)$/],
    ['licenses?status=expired', /^licenses_by_(status|expiry|creation)$/],
    ['licenses?status=active', /^licenses_by_(status|creation)$/],
    ['licenses?key_id=key-7', /^licenses_by_key$/],
    [`licenses?expires_before=${inDays(-19)}`, /^licenses_by_expiry$/],
    [`licenses?expires_after=${inDays(978)}&sort=expires_at`, /^licenses_by_expiry$/],
    ['licenses?q=customer-77', /^licenses_by_(id|module|customer)_prefix$/],
    ['licenses?q=mODULE_77', /^licenses_by_(id|module|customer)_prefix$/],
    ['licenses?q=abcd', /^licenses_by_(id|module|customer)_prefix$/],
    ['licenses', /^licenses_by_creation$/],
    ['licenses?sort=expires_at', /^licenses_by_expiry$/],
    ['licenses?sort=-expires_at', /^licenses_by_expiry$/],
    ['customers', /^customers_by_creation$/],
    ['customers?is_active=false', /^customers_by_activity$/],
    ['customers?q=customer-7777', /^customers_by_(creation|(id|name|email|company)_prefix)$/],
    ['customers?q=PERSON%207777', /^customers_by_(creation|(id|name|email|company)_prefix)$/],
    ['customers?q=mail7777', /^customers_by_(creation|(id|name|email|company)_prefix)$/],
    ['customers?q=company%207777', /^customers_by_(creation|(id|name|email|company)_prefix)$/],
    // The planner takes some prefixes for frequent, and then walks the order of the list.
  ])('reads %s by an index', async (path, index) => {
    const { page } = await scansOf(path);
    expect(page.length).toBeGreaterThan(0);
    for (const scan of page) expect(scan).toMatch(index);
  });

  it.each([
    'admin/audit-logs',
    'admin/audit-logs?event_type=license.issued',
    'admin/audit-logs?license_id=00000000-0000-0000-0000-000000000001',
    'admin/audit-logs?customer_id=Customer-7',
    'admin/audit-logs?api_key_id=key7',
    'admin/audit-logs?request_id=request-7',
  ])('reads %s by an index of each partition that has rows', async (path) => {
    const { page } = await scansOf(path);
    expect(page.length).toBeGreaterThan(0);
    // The partitions of future months are empty, and read as they are.
    const { rows } = await owner.query<{ partition: string }>(
      `SELECT 'audit_logs_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM') AS partition`,
    );
    expect(page.filter((scan) => scan.startsWith(rows[0]!.partition))).toHaveLength(1);
  });

  it.each([
    ['licenses?customer_id=Customer-7', 40],
    ['licenses?module_name=Module_7', 100],
    ['licenses?license_type=demo', 200],
    ['licenses?key_id=key-7', 400],
    ['licenses?status=revoked', 400],
    ['licenses?q=customer-77', 40],
    ['customers?is_active=false', 200],
    ['customers?q=person%20777', 11],
  ])('counts %s by an index', async (path, rows) => {
    const { count, body } = await scansOf(path);
    expect(body.total).toBe(rows);
    expect(count.length).toBeGreaterThan(0);
    for (const scan of count) expect(scan).not.toMatch(/^Seq Scan/);
  });

  it.each(['-created_at', 'created_at', 'expires_at', '-expires_at'])(
    'costs the same however deep a cursor is, by %s',
    async (sort) => {
      const path = `licenses?sort=${sort}&page_size=100`;
      let cursor = (await scansOf(path)).body.next_cursor;
      for (let page = 0; page < 3; page += 1) {
        const { page: scans, body } = await scansOf(`${path}&cursor=${cursor}`);
        expect(scans).toEqual([sort.endsWith('created_at') ? 'licenses_by_creation' : 'licenses_by_expiry']);
        cursor = body.next_cursor;
        expect(cursor).not.toBeNull();
      }
    },
  );
});
