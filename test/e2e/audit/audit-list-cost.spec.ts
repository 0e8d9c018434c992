import { AuditRecord } from '@aegis/audit';
import { PageQueryDto } from '@aegis/http';
import { encodeCursor } from '@aegis/lists';
import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { AuditList, type ListAuditLogs } from '../../../libs/audit/src/audit-list';
import { listPage } from '../../../libs/lists/src/list-page';
import { testDatabase, type TestDatabase } from '../../support/database/database';
import { type Cost, costOf, statementsOf } from '../../support/database/explain';

const LICENSE = '00000000-0000-4000-8000-000000000007';

describe('300,000 audit records in three months', () => {
  let database: TestDatabase;
  let app: DataSource;
  let owner: Client;
  let list: AuditList;
  let months: Date[];
  let ids: { first: number; last: number };

  beforeAll(async () => {
    database = await testDatabase();
    app = await database.dataSource([AuditRecord]);
    owner = new Client({ connectionString: database.ownerUrl });
    await owner.connect();
    list = new AuditList(app);
    // Partitions are there for this month and the next ones.
    const now = new Date();
    months = [0, 1, 2, 3].map((ahead) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead)));
    for (const month of months.slice(0, 3))
      await owner.query(
        `INSERT INTO audit_logs (event_type, event_data, license_id, customer_id, api_key_id, request_id, actor, recorded_at)
         SELECT CASE WHEN n % 1000 = 0 THEN 'customer.deleted' WHEN n % 1000 = 1 THEN 'signing_key.activated'
                     ELSE 'license.validated' END,
                CASE WHEN n % 1000 = 1 THEN jsonb_build_object('kid', 'k' || n % 3)
                     WHEN n % 1000 = 0 THEN '{}'
                     ELSE jsonb_build_object('code', CASE WHEN n % 1000 = 2 THEN 'REVOKED' ELSE 'VALID' END) END,
                CAST('00000000-0000-4000-8000-' || lpad((n % 2000)::text, 12, '0') AS uuid), 'C-' || n % 500,
                'key' || n % 400, 'request-' || n, 'system', $1::timestamptz + n * interval '24 seconds'
         FROM generate_series(1, 100000) n`,
        [month],
      );
    await owner.query('VACUUM ANALYZE audit_logs');
    const { rows } = await owner.query<{ first: number; last: number }>(
      'SELECT min(id)::int AS first, max(id)::int AS last FROM audit_logs',
    );
    ids = rows[0]!;
  });

  afterAll(async () => {
    await owner.end();
    await database.drop();
  });

  async function costs(
    query: Partial<Omit<ListAuditLogs, 'event_type'>> & { event_type?: string },
  ): Promise<{ page: Cost; count: Cost; rows: readonly AuditRecord[] }> {
    const asked = Object.assign(new PageQueryDto(), { page_size: 50, ...query }) as ListAuditLogs;
    let rows: readonly AuditRecord[] = [];
    const statements = await statementsOf(async () => {
      ({ rows } = await listPage(list.source(asked), asked));
    });
    const count = statements.find(({ text }) => text.includes('count(*)'));
    const page = statements.find((statement) => statement !== count && statement.text.includes('ORDER BY'));
    return { page: await costOf(app, page!), count: await costOf(app, count!), rows };
  }

  /** A cursor behind the record that is this far down the list. */
  const cursorAt = (depth: number, filters: Record<string, unknown> = {}): string =>
    encodeCursor([String(ids.last - depth)], filters);
  const after = (month: number, hours: number): Date =>
    new Date(months[month]!.getTime() + hours * 3_600_000);

  it.each([
    ['none', {}, 50],
    ['event_type', { event_type: 'customer.deleted' }, 50],
    ['event_type that most have', { event_type: 'license.validated' }, 50],
    ['license_id', { license_id: LICENSE }, 50],
    ['customer_id', { customer_id: 'C-7' }, 50],
    ['api_key_id', { api_key_id: 'key7' }, 50],
    ['request_id', { request_id: 'request-7' }, 3],
    ['code', { code: 'REVOKED' }, 50],
    ['code that most have', { code: 'VALID' }, 50],
    ['code that none has', { code: 'SUSPENDED' }, 0],
    ['since', { since: '2, 660' }, 50],
    ['until', { until: '0, 3' }, 50],
    ['since and until', { since: '1, 300', until: '1, 301' }, 50],
    ['event_type and since', { event_type: 'customer.deleted', since: '2, 0' }, 50],
    ['license_id and until', { license_id: LICENSE, until: '1, 0' }, 50],
  ])(
    'are listed by an index, filter: %s',
    async (_, { since, until, ...filters }: Record<string, string>, found) => {
      const time = (moment: string | undefined): Date | undefined => {
        const [month, hours] = moment?.split(',').map(Number) ?? [];
        return month === undefined || hours === undefined ? undefined : after(month, hours);
      };
      const { page, rows } = await costs({ ...filters, since: time(since), until: time(until) });
      expect(rows).toHaveLength(found);
      expect(
        page.scanned.filter(
          (table) => table !== `audit_logs_${months[3]!.toISOString().slice(0, 7).replace('-', '_')}`,
        ),
      ).toEqual([]);
      expect(page.pages).toBeLessThan(100);
    },
  );

  it.each(['customer:C-0', 'signing_key:k1', 'api_key:key7'])(
    'are listed by what they are about from those records alone: %s',
    async (subject) => {
      const { page } = await costs({ subject });
      expect(page.indexes.length).toBeGreaterThan(0);
      for (const index of page.indexes) expect(index).toMatch(/_by_subject$/);
      // At most 300 records are about one of them.
      expect(page.pages).toBeLessThan(400);
    },
  );

  it('are listed until the middle of a month by reading only index keys, not records', async () => {
    // What is newer in that month is skipped: 98,500 keys, about 250 a page.
    const { page } = await costs({ until: after(1, 10) });
    expect(page.scanned).toEqual([]);
    expect(page.pages).toBeLessThan(500);
  });

  it.each([
    ['no filter', {}],
    ['a filter', { event_type: 'license.validated' }],
  ])('cost the same however deep a cursor is: %s', async (_, filters) => {
    const { pages } = (await costs(filters)).page;
    for (const depth of [1000, 50_000, 150_000, 299_000]) {
      const deep = await costs({ ...filters, cursor: cursorAt(depth, filters) });
      expect(deep.rows).toHaveLength(50);
      expect(Number(deep.rows[0]!.id)).toBeLessThan(ids.last - depth);
      expect(Number(deep.rows[0]!.id)).toBeGreaterThan(ids.last - depth - 3);
      expect(deep.page.scanned).toEqual([]);
      expect(deep.page.pages).toBeLessThan(pages + 30);
    }
  });
});
