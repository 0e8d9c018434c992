import { migrateUp } from '@aegis/database';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { Client as SqlClient } from 'pg';
import { migrationDataSource } from '../../../migrations/data-source';
import { applicationPrivileges } from '../../../migrations/privileges';
import { expectStatus } from '../../support/contract/expect-status';
import { DatabaseProxy } from '../../support/database/database-proxy';
import { ReplicatedPostgres } from '../../support/database/standby';
import { aCustomer, aLicense, type IssuedLicense, validation, verdictOf } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { type Answer, Client } from '../../support/requests/client';
import { Scrape } from '../../support/trail/scrape';
import { until } from '../../support/until';

// Two PostgreSQL and two servers start, and the machine may be busy.
jest.setTimeout(240_000);

/** More than the buffers of a connection hold. */
const LONG_ROWS = 12_000;

/** Of what the server keeps: none of it is in what the job asks. */
const TABLES =
  /\b(?:licenses|license_tokens|customers|api_keys|callers_in_force|audit_\w+|idempotency_keys|statistics_\w+|status_\w+)\b/;

/** Total and rows of a page. */
const PAGE = /count\(\*\)::int AS total[^]*SELECT "\w+"\."\w+" AS "\w+/;

describe('read replicas', () => {
  let postgres: ReplicatedPostgres;
  /** Between both servers and the standby. */
  let proxy: DatabaseProxy;
  /** What was sent to the standby, since a test emptied it. */
  let sent: string[] = [];
  let server: TestServer;
  let other: TestServer;
  let admin: Client;
  let license: IssuedLicense;

  const aServer = (keysDir?: string): Promise<TestServer> => {
    const { ownerUrl, applicationUrl, superuserUrl } = postgres.primary;
    return testServer({
      keysDir,
      database: {
        ownerUrl,
        applicationUrl,
        superuserUrl,
        dataSource: () => Promise.reject(new Error('unused')),
        takeAway: () => Promise.resolve(),
        drop: () => Promise.resolve(),
      },
      variables: {
        DATABASE_REPLICA_URLS: proxy.of(applicationUrl),
        DATABASE_REPLICA_MAX_LAG_MS: '2000',
      },
    });
  };

  beforeAll(async () => {
    postgres = await ReplicatedPostgres.start(async ({ ownerUrl }) => {
      const owner = await migrationDataSource(ownerUrl).initialize();
      await migrateUp(owner, 'aegis_app', applicationPrivileges).finally(() => owner.destroy());
    });
    proxy = await DatabaseProxy.before(postgres.onStandby(postgres.primary.applicationUrl));
    proxy.onConnection = () => ({ toDatabase: (chunk) => sent.push(chunk.toString('latin1')) > 0 });
    server = await aServer();
    other = await aServer(server.keysDir);
    admin = new Client(server.url, server.adminKey);
    license = await aLicense(admin);
  });
  afterAll(async () => {
    await other.close();
    await server.close();
    await proxy.close();
    await postgres.close();
  });

  const reads = async (database: 'primary' | 'replica', { metricsUrl } = server): Promise<number> =>
    (await Scrape.of(metricsUrl)).value(`aegis_replicable_reads_total{database="${database}"}`);

  /** Asks until the standby answers: it may be behind for a moment. */
  async function fromStandby(ask: () => Promise<Answer>): Promise<Answer> {
    let answer!: Answer;
    await until('the standby answers', async () => {
      const [primary, replica] = [await reads('primary'), await reads('replica')];
      answer = await ask();
      expectStatus(answer, 200);
      return (await reads('primary')) === primary && (await reads('replica')) > replica;
    });
    return answer;
  }

  it.each([
    ['licenses', () => '/api/v1/licenses', () => license.id, PAGE],
    ['customers', () => '/api/v1/customers', () => license.customer_id, PAGE],
    ['API keys', () => '/api/v1/admin/api-keys', () => '"api_keys":[{', PAGE],
    ['audit records', () => '/api/v1/admin/audit-logs', () => license.id, PAGE],
    ['checkpoints', () => '/api/v1/admin/audit-logs/checkpoints', () => '"checkpoints":', PAGE],
    ['the history of a license', () => `/api/v1/licenses/${license.id}/history`, () => license.id, PAGE],
    ['statistics', () => '/api/v1/admin/stats', () => '"generated_at":', /statistics_counts/],
    ['series', () => '/api/v1/admin/stats/series', () => '"starts":', /activity_counts/],
  ])('answer %s', async (_what, path, content, statement) => {
    sent = [];
    const answer = await fromStandby(() => admin.get(path()));
    expect(JSON.stringify(answer.body)).toContain(content());
    expect(sent.join('')).toMatch(statement);
  });

  it.each(['application/x-ndjson', 'text/csv'])('answer a list as a stream of %s', async (type) => {
    const answer = await fromStandby(() => admin.get('/api/v1/licenses', { Accept: type }));
    expect(answer.body).toContain(license.id);
  });

  it('are not asked for verdicts, single resources, changes, probes, or who a caller is', async () => {
    const etag = (await admin.get(`/api/v1/customers/${license.customer_id}`)).headers.get('etag') ?? '';
    sent = [];
    const anyone = new Client(server.url);
    expect(await verdictOf(anyone, license.token)).toBe('VALID');
    const question = { token: license.token, module_name: license.module_name, odoo_version: '17.0' };
    expectStatus(await admin.post('/api/v1/licenses/validate/batch', { items: [question] }), 200);
    expectStatus(await admin.post('/api/v1/licenses/inspect', { token: license.token }), 200);
    expectStatus(await admin.get(`/api/v1/licenses/${license.id}/status`), 200);
    expectStatus(await admin.get(`/api/v1/licenses/${license.id}`), 200);
    const change = await admin.send(
      'PATCH',
      `/api/v1/customers/${license.customer_id}`,
      { name: 'Acme Limited' },
      { 'If-Match': etag },
    );
    expectStatus(change, 200);
    for (let time = 0; time < 2; time += 1)
      expectStatus(
        await admin.post(
          `/api/v1/licenses/${license.id}/suspend`,
          { reason: 'unpaid' },
          { 'Idempotency-Key': 'one' },
        ),
        200,
      );
    expect((await validation(anyone, license.token)).body).toMatchObject({ valid: false });
    expectStatus(await anyone.get('/health/ready'), 200);
    expectStatus(await new Client(server.url, 'wrong').get('/api/v1/licenses'), 401);
    // The job compares the standby with the primary meanwhile.
    await until('the job ran', () => Promise.resolve(sent.join('').includes('pg_last_wal_replay_lsn')));
    expect(sent.filter((text) => TABLES.test(text))).toEqual([]);
  });

  it('that are behind hide nothing from a caller who wrote through any server, nor from the next page', async () => {
    const customers = await Promise.all(
      Array.from({ length: 3 }, () => aCustomer(admin, { company: 'Paged' })),
    );
    const first = await fromStandby(() => admin.get('/api/v1/customers?q=paged&page_size=2'));
    expect(first.body).toMatchObject({ total: 3 });
    await postgres.standby.pauseReplay();
    try {
      const elsewhere = new Client(other.url, server.adminKey);
      const later = await aCustomer(elsewhere, { company: 'Paged' });
      const page = await admin.get('/api/v1/customers?q=paged&page_size=2');
      expect(page.body).toMatchObject({ total: 4 });
      expect(idsOf(page)[0]).toBe(later.id);
      const { body: renamed } = await admin.patch(`/api/v1/customers/${later.id}`, { is_active: false });
      expect(renamed).toMatchObject({ is_active: false });
      const inactive = await elsewhere.get('/api/v1/customers?q=paged&is_active=false');
      expect(idsOf(inactive)).toEqual([later.id]);
      const cursor = String(first.body.next_cursor);
      const second = await admin.get(`/api/v1/customers?q=paged&page_size=2&cursor=${cursor}`);
      expect([...idsOf(first), ...idsOf(second)].sort()).toEqual(customers.map(({ id }) => id).sort());
    } finally {
      await postgres.standby.resumeReplay();
    }
  });

  it('that end in the middle of a stream lose no row of it, and leave the server ready', async () => {
    const sql = new SqlClient(postgres.primary.ownerUrl);
    await sql.connect();
    // As the server's sessions have it; the databases of tests do not.
    await sql.query('SET synchronous_commit = on');
    await sql.query(
      `INSERT INTO customers (id, name, notes) SELECT 'long-' || n, 'Long', repeat('x', 2000) FROM generate_series(1, $1) AS n`,
      [LONG_ROWS],
    );
    await sql.end();
    await fromStandby(() => admin.get('/api/v1/customers?page_size=1'));

    const before = await reads('replica');
    const response = await streamOf('/api/v1/customers');
    await once(response, 'readable');
    await until('the standby has answered', async () => (await reads('replica')) > before);
    await postgres.standby.stop();
    const primaryBefore = await reads('primary');
    const ids = new Set<string>();
    let lines = 0;
    for (const line of await linesOf(response)) {
      lines += 1;
      ids.add((JSON.parse(line) as { id: string }).id);
    }
    expect(ids.size).toBe(lines);
    expect([...ids].filter((id) => id.startsWith('long-'))).toHaveLength(LONG_ROWS);
    expect(await reads('primary')).toBeGreaterThan(primaryBefore);

    expectStatus(await admin.get('/api/v1/licenses'), 200);
    expectStatus(await new Client(server.url).get('/health/ready'), 200);
    await until(
      'it is left out',
      async () =>
        (await Scrape.of(server.metricsUrl)).series.get('aegis_read_replica_in_use{replica="1"}') === 0,
    );
    expect(server.log()).toContain('a read replica is left out');
  });

  it('that cannot be reached do not keep a server from starting', async () => {
    const late = await aServer(server.keysDir);
    try {
      expectStatus(await new Client(late.url, server.adminKey).get('/api/v1/licenses'), 200);
      expect(await reads('replica', late)).toBe(0);
    } finally {
      await late.close();
    }
  });

  function idsOf({ body }: Answer): string[] {
    return (body.customers as { id: string }[]).map(({ id }) => id);
  }

  /** A stream that nobody reads yet. */
  async function streamOf(path: string): Promise<IncomingMessage> {
    const headers = { 'X-API-Key': server.adminKey, Accept: 'application/x-ndjson' };
    const [response] = (await once(get(server.url + path, { headers }), 'response')) as [IncomingMessage];
    return response;
  }

  async function linesOf(response: IncomingMessage): Promise<string[]> {
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    expect(response.complete).toBe(true);
    return Buffer.concat(chunks).toString().trimEnd().split('\n');
  }
});
