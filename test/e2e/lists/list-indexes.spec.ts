import { Client as SqlClient } from 'pg';
import { Client } from '../../support/requests/client';
import { expectNothingMissing } from '../../support/complete-list';
import { expectStatus } from '../../support/contract/expect-status';
import { type PlanNode, planNodes, statementsOf } from '../../support/database/explain';
import { FILL, FILTER_VALUES, LICENSE_ID, ROWS } from '../../support/lists/many-rows';
import { testServer, type TestServer } from '../../support/processes/server';

/** A query parameter of the OpenAPI document. */
interface Parameter {
  name: string;
  in: string;
  schema: { $ref?: string; type?: string; enum?: string[]; allOf?: { $ref: string }[] };
}

/** One list, and the values of each of its filters. */
interface List {
  path: string;
  sorts: string[];
  filters: Map<string, string[]>;
}

/** What a request reads. */
interface Read {
  /** `page` or `count`, and the table or index of each scan. */
  statement: string;
  scans: string[];
  /** Rows of large tables that were looked at. */
  rows: number;
}

/** A table with fewer rows is read as it is. */
const LARGE = 1_000;
/** Of the largest table: what a page and its count look at, at most. Most look at 1,001. */
const MOST_ROWS = ROWS / 4;
/** Of a page or a count, and not of a job: query builders write so. */
const LIST_STATEMENT = /^SELECT [^]* FROM "\w+" "\w+"[^]* LIMIT \d+/;
const PAGING = new Set(['page', 'page_size', 'cursor', 'formulas']);
describe('every list, by each filter and in each order', () => {
  let server: TestServer;
  let client: Client;
  let owner: SqlClient;
  let lists: List[];
  /** Tables and partitions with many rows. */
  let large: Set<string>;

  beforeAll(async () => {
    server = await testServer();
    client = new Client(server.url, server.adminKey);
    owner = new SqlClient({ connectionString: server.database.ownerUrl });
    await owner.connect();
    await owner.query(FILL);
    await owner.query('ANALYZE');
    const { rows } = await owner.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND reltuples >= $1`,
      [LARGE],
    );
    large = new Set(rows.map(({ name }) => name));
    lists = listsOf((await client.get('/openapi.json')).body);
  });
  afterAll(async () => {
    await owner.end();
    await server.close();
  });

  /** What PostgreSQL reads for the statements that a request causes. */
  async function readsOf(path: string): Promise<{ reads: Read[]; cursor: string | null }> {
    let cursor: string | null = null;
    const sent = await statementsOf(async () => {
      const answer = await client.get(path);
      expectStatus(answer, 200);
      cursor = (answer.body as { next_cursor: string | null }).next_cursor;
    });
    const reads: Read[] = [];
    for (const { text, parameters } of sent.filter((one) => LIST_STATEMENT.test(one.text))) {
      const nodes = await planNodes(owner, { text, parameters });
      reads.push({
        statement: text.startsWith('SELECT count(*)') ? 'count' : 'page',
        scans: nodes.flatMap(scanOf),
        rows: nodes.filter((node) => isLarge(node)).reduce((sum, node) => sum + rowsOf(node), 0),
      });
    }
    return { reads, cursor };
  }

  const isLarge = (node: PlanNode): boolean => large.has(node['Relation Name'] ?? '');
  /** Tables and indexes that are read; a table of few rows is nothing. */
  const scanOf = (node: PlanNode): string[] => {
    if (node['Node Type'].endsWith('Seq Scan'))
      return isLarge(node) ? [`Seq Scan ${node['Relation Name']}`] : [];
    return node['Index Name'] === undefined ? [] : [node['Index Name']];
  };

  function problemsOf(asked: string, reads: readonly Read[]): string[] {
    return reads.flatMap(({ statement, scans, rows }) => [
      ...scans.filter((scan) => scan.startsWith('Seq Scan')).map((scan) => `${asked}: ${statement}: ${scan}`),
      ...(rows > MOST_ROWS ? [`${asked}: ${statement}: looks at ${rows} rows, by ${scans.join(', ')}`] : []),
    ]);
  }

  it('are the lists of the OpenAPI document', () => {
    expect(lists.map(({ path }) => path).sort()).toEqual(
      expect.arrayContaining(['/api/v1/admin/audit-logs', '/api/v1/customers', '/api/v1/licenses']),
    );
    expect([...large]).toEqual(expect.arrayContaining(['customers', 'customer_beginnings', 'licenses']));
    expect([...large].filter((name) => name.startsWith('audit_logs_'))).toHaveLength(1);
  });

  it('reads neither a whole large table nor many rows by an index, also after a cursor', async () => {
    const problems: string[] = [];
    for (const { path, sorts, filters } of lists) {
      const queries: Query[] = [
        [],
        ...[...filters].flatMap(([name, values]) => values.map((value): Query => [[name, value]])),
      ];
      for (const query of queries)
        for (const sort of sorts) {
          const asked = pathOf(path, sort === '' ? query : [...query, ['sort', sort]]);
          const first = await readsOf(asked);
          expect(first.reads.map(({ statement }) => statement)).toEqual(
            expect.arrayContaining(['count', 'page']),
          );
          problems.push(...problemsOf(asked, first.reads));
          if (first.cursor === null) continue;
          const next = await readsOf(`${asked}&cursor=${first.cursor}`);
          problems.push(...problemsOf(`${asked}, after a cursor`, next.reads));
        }
    }
    expectNothingMissing(problems, 'Add an index, or ask in a way that one of them answers');
  });

  it('does not read a whole large table if two filters are given', async () => {
    const problems: string[] = [];
    for (const { path, filters } of lists) {
      const names = [...filters.keys()];
      for (const [index, one] of names.entries())
        for (const other of names.slice(index + 1)) {
          const query = [one, other].map((name): Query[number] => [name, filters.get(name)![0]!]);
          const asked = pathOf(path, query);
          const { reads } = await readsOf(asked);
          problems.push(...problemsOf(asked, reads));
        }
    }
    expectNothingMissing(problems, 'Add an index, or ask in a way that one of them answers');
  });

  it.each([
    ['licenses?customer_id=Customer-7', 'licenses_by_lower_customer', 'licenses_by_lower_customer'],
    ['licenses?module_name=Module_7', 'licenses_by_lower_module', 'licenses_by_lower_module'],
    ['licenses?license_type=demo', 'licenses_by_type', 'licenses_by_type'],
    ['licenses?key_id=key-7', 'licenses_by_key', 'licenses_by_key'],
    ['licenses?status=revoked', 'licenses_withdrawn', 'licenses_withdrawn'],
    ['licenses?status=suspended&sort=expires_at', 'licenses_withdrawn_by_expiry', 'licenses_withdrawn'],
    ['licenses?status=expired&sort=-expires_at', 'licenses_by_expiry', 'licenses_by_expiry'],
    ['licenses?status=active&sort=expires_at', 'licenses_by_expiry', 'licenses_by_expiry'],
    ['licenses?license_type=perpetual&sort=expires_at', 'licenses_by_expiry', 'licenses_by_type'],
    ['licenses', 'licenses_by_creation', 'licenses_by_creation'],
    ['customers?is_active=false', 'customers_by_activity', 'customers_by_activity'],
    ['customers', 'customers_by_creation', 'customers_by_creation'],
    ['customers?q=person%20777', 'customer_beginnings_by_text', 'customer_beginnings_by_text'],
    ['customers?q=p', 'customers_by_creation', 'customer_beginnings_by_text'],
  ])('reads %s by an index that fits', async (path, page, count) => {
    const { reads } = await readsOf(`/api/v1/${path}`);
    expect(reads.find(({ statement }) => statement === 'page')!.scans).toContain(page);
    expect(reads.find(({ statement }) => statement === 'count')!.scans).toContain(count);
  });

  it.each(['expires_at', '-expires_at'])(
    'reads active licenses by %s without those that expired before the longest grace',
    async (sort) => {
      const { reads } = await readsOf(`/api/v1/licenses?status=active&sort=${sort}`);
      // A tenth of all have expired, and two thirds of those before any grace that there is.
      for (const { statement, rows } of reads)
        expect([statement, rows < ROWS / 25]).toEqual([statement, true]);
    },
  );

  it.each([
    ['licenses', ROWS, 0.2],
    ['licenses?module_name=Module_7', ROWS / 20, 0.5],
    ['licenses?status=active', ROWS * 0.83, 0.3],
    ['licenses?status=active&sort=expires_at', ROWS * 0.83, 0.3],
    ['licenses?q=module_7', ROWS / 20, 0.5],
    ['customers?q=p', ROWS / 3, 0.3],
  ])('estimates how many rows %s has', async (path, rows, tolerance) => {
    const { body } = await client.get(`/api/v1/${path}`);
    expect(body.total_is_estimate).toBe(true);
    expect(Math.abs(body.total - rows)).toBeLessThan(rows * tolerance);
  });
});

/** Names and values. */
type Query = [string, string][];

function pathOf(path: string, query: Query): string {
  return `${path}?${new URLSearchParams(query).toString()}`;
}

/** Rows that a scan looked at, those that its filter left out included. */
function rowsOf(node: PlanNode): number {
  return (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'];
}

/** The lists of an OpenAPI document: what has pages. */
function listsOf(document: {
  paths: Record<string, { get?: { parameters?: Parameter[] } }>;
  components: { schemas: Record<string, { enum?: string[] }> };
}): List[] {
  return Object.entries(document.paths).flatMap(([path, { get }]) => {
    const parameters = get?.parameters?.filter((parameter) => parameter.in === 'query') ?? [];
    if (!parameters.some(({ name }) => name === 'page_size')) return [];
    const valuesOf = ({ name, schema }: Parameter): string[] => {
      const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
      const known = FILTER_VALUES[`${path} ${name}`];
      if (known !== undefined) return [...known];
      const choices = schema.enum ?? document.components.schemas[reference?.split('/').at(-1) ?? '']?.enum;
      if (choices !== undefined) return choices;
      if (schema.type === 'boolean') return ['true', 'false'];
      throw new Error(`Add values of the filter ${name} of ${path} to test/support/lists/many-rows.ts`);
    };
    const filters = parameters.filter(({ name }) => !PAGING.has(name));
    const sort = filters.find(({ name }) => name === 'sort');
    return [
      {
        path: path.replace('{id}', LICENSE_ID),
        sorts: sort === undefined ? [''] : valuesOf(sort),
        filters: new Map(
          filters.filter((filter) => filter !== sort).map((filter) => [filter.name, valuesOf(filter)]),
        ),
      },
    ];
  });
}
