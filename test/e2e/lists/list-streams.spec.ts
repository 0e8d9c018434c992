import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { Client as Postgres } from 'pg';
import { Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { aCustomer, aLicense } from '../../support/factories';
import { howItEnds } from '../../support/requests/how-it-ends';
import { testDatabase, type TestDatabase } from '../../support/database/database';
import { DatabaseProxy, MarkerSearch } from '../../support/database/database-proxy';
import { testServer, type TestServer } from '../../support/processes/server';
import { until } from '../../support/until';

const MANY = 30_000;

describe('lists', () => {
  let database: TestDatabase;
  let proxy: DatabaseProxy;
  let server: TestServer;
  let admin: Client;
  let postgres: Postgres;
  /** That read rows of customers, since the test set it to 0. */
  let statements = 0;

  beforeAll(async () => {
    database = await testDatabase();
    proxy = await DatabaseProxy.before(database.applicationUrl);
    proxy.onConnection = () => {
      const search = new MarkerSearch(Buffer.from('FROM "customers"'));
      return {
        toDatabase: (chunk) => {
          if (search.endsIn(chunk)) statements += 1;
          return true;
        },
      };
    };
    server = await testServer({ database, variables: { DATABASE_URL: proxy.of(database.applicationUrl) } });
    admin = new Client(server.url, server.adminKey);
    postgres = new Postgres({ connectionString: server.database.superuserUrl });
    await postgres.connect();
  });

  afterAll(async () => {
    await postgres.end();
    await server.close();
    await proxy.close();
    await database.drop();
  });

  it('stream the whole filtered list as CSV, quoted as RFC 4180 says', async () => {
    const notes = `Quote " comma , line\nend Ärger`;
    const details = { name: 'Acme', notes, email: 'a@example.com', is_active: false };
    const customer = await aCustomer(admin, details);
    const answer = await admin.get(`/api/v1/customers?is_active=false`, { Accept: 'text/csv' });
    expectStatus(answer, 200);
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="customers.csv"');
    const [head, ...rest] = (answer.body as string).split('\r\n');
    expect(head).toBe(
      'id,name,email,company,phone,address,notes,is_active,created_at,updated_at,restored_at',
    );
    expect(rest.join('\r\n')).toMatch(
      new RegExp(
        `^${customer.id},Acme,a@example.com,,,,"Quote "" comma , line\\nend Ärger",false,\\d{4}-.*Z,\\d{4}-.*Z,\r\n$`,
      ),
    );
  });

  it('stream the same rows as NDJSON that pages show, without tokens', async () => {
    const license = await aLicense(admin);
    const page = await admin.get(`/api/v1/licenses?customer_id=${license.customer_id}`);
    const stream = await admin.get(`/api/v1/licenses?customer_id=${license.customer_id}`, {
      Accept: 'application/x-ndjson',
    });
    const lines = (stream.body as string).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(page.body.licenses);
    expect(stream.body).not.toContain(license.token);
    for (const path of ['/api/v1/admin/audit-logs', '/api/v1/admin/api-keys'])
      expectStatus(await admin.get(path, { Accept: 'text/csv' }), 200);
  });

  it('prefer JSON if everything is accepted, and refuse types that they do not have', async () => {
    const any = await admin.get('/api/v1/customers', { Accept: 'text/csv;q=0.5, */*' });
    expect(any.headers.get('content-type')).toContain('application/json');
    expectStatus(await admin.get('/api/v1/customers', { Accept: 'text/html' }), 406);
    expect(any.headers.get('vary')).toBe('Accept');
    expect((await admin.get('/info')).headers.has('vary')).toBe(false);
    for (const paging of ['page=2', 'cursor=abc'])
      expectStatus(await admin.get(`/api/v1/customers?${paging}`, { Accept: 'text/csv' }), 422);
  });

  describe('of many rows', () => {
    beforeAll(async () => {
      await postgres.query(
        `INSERT INTO customers (id, name, created_at)
         SELECT 'bulk-' || n, 'Bulk ' || n, now() - make_interval(secs => n % 1000) FROM generate_series(1, $1) AS n`,
        [MANY],
      );
    });

    it('stream every row once', async () => {
      const stream = await admin.get('/api/v1/customers?q=bulk-', { Accept: 'application/x-ndjson' });
      const ids = (stream.body as string)
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { id: string }).id);
      expect(ids).toHaveLength(MANY);
      expect(new Set(ids).size).toBe(MANY);
    });

    describe('too long for the buffers of a connection', () => {
      beforeAll(async () => {
        await postgres.query(
          `INSERT INTO customers (id, name, notes) SELECT 'long-' || n, 'Long', repeat('x', 2000) FROM generate_series(1, 20000) AS n`,
        );
      });

      afterAll(() => postgres.query(`DELETE FROM customers WHERE id LIKE 'long-%'`));

      /** Waits until a list is not read on while the server does other work. */
      const untilQuiet = (): Promise<void> => {
        let quiet = 0;
        let before = statements;
        return until('the list is read no further', async () => {
          expectStatus(await admin.get(`${KEYS}?page_size=1`), 200);
          quiet = statements === before ? quiet + 1 : 0;
          before = statements;
          return quiet === 25;
        });
      };

      it('are read only as far as the caller takes them, and only while it is connected', async () => {
        statements = 0;
        const response = await new Promise<IncomingMessage>((resolve, reject) => {
          const headers = { 'X-API-Key': server.adminKey, Accept: 'application/x-ndjson' };
          get(`${server.url}/api/v1/customers?q=long-`, { headers }, resolve).on('error', reject);
        });
        response.on('error', () => undefined);
        await once(response, 'readable');
        await untilQuiet();
        // Some 170 would be the whole list: 20,000 rows, of which 120 have 256 KiB.
        expect(statements).toBeGreaterThan(0);
        expect(statements).toBeLessThan(130);
        const read = statements;
        response.destroy();
        const isAborted = (line: string): boolean =>
          line.includes('"route":"/api/v1/customers"') && line.includes('"aborted":true');
        await until('the log says so', () => Promise.resolve(server.log().split('\n').some(isAborted)));
        await untilQuiet();
        expect(statements).toBe(read);
      });

      const KEYS = '/api/v1/admin/api-keys';
      const ends: [string, (at: string) => Promise<unknown>][] = [
        ['deleted', (at) => admin.delete(at)],
        ['narrowed', (at) => admin.patch(at, { scopes: ['stats:read'] })],
      ];

      it.each(
        ends.flatMap(([how, end]) =>
          ['text/csv', 'application/x-ndjson'].flatMap((type) =>
            ['1.0', '1.1'].map((version) => ({ how, end, type, version })),
          ),
        ),
      )('are reset when their key is $how: $type in HTTP/$version', async ({ end, type, version }) => {
        const made = await admin.post(KEYS, { name: 'Reader', scopes: ['customers:read', 'stats:read'] });
        const { id, key } = made.body as { id: string; key: string };
        const { hostname, port } = new URL(server.url);
        const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
        const received: Buffer[] = [];
        const ending = howItEnds(socket);
        socket.write(
          `GET /api/v1/customers?q=long- HTTP/${version}\r\nHost: x\r\nConnection: close\r\nX-API-Key: ${key}\r\nAccept: ${type}\r\n\r\n`,
        );
        await new Promise<void>((resolve) => {
          socket.once('data', (chunk: Buffer) => {
            received.push(chunk);
            socket.pause();
            resolve();
          });
        });
        await end(`${KEYS}/${id}`);
        socket.on('data', (chunk: Buffer) => received.push(chunk));
        socket.resume();
        expect(await ending).toBe('reset');
        const text = Buffer.concat(received).toString('latin1');
        expect(text).toMatch(/^HTTP\/1\.1 200 /);
        expect(text).not.toMatch(/\r\n0\r\n\r\n$/);
        expect(text.match(/\blong-\d/g)!.length).toBeLessThan(20_000);
      });
    });

    it('are walked by cursor without doubles or gaps while rows come and go', async () => {
      const seen: string[] = [];
      const removed = new Set<string>();
      let cursor: string | null = null;
      let step = 0;
      do {
        const path = `/api/v1/customers?q=bulk-1&page_size=100${cursor === null ? '' : `&cursor=${cursor}`}`;
        const page = await admin.get(path);
        expectStatus(page, 200);
        const shown = (page.body.customers as { id: string }[]).map(({ id }) => id);
        expect(shown.filter((id) => removed.has(id))).toEqual([]);
        seen.push(...shown);
        cursor = page.body.next_cursor as string | null;
        step += 1;
        const victim = `bulk-1${randomInt(1000, 9999)}`;
        const { rowCount } = await postgres.query('DELETE FROM customers WHERE id = $1', [victim]);
        if (rowCount === 1) removed.add(victim);
        await postgres.query(
          `INSERT INTO customers (id, name, created_at) VALUES ($1, 'Late', now() - make_interval(secs => $2))`,
          [`bulk-1-late-${step}`, randomInt(0, 1000)],
        );
      } while (cursor !== null);
      expect(removed.size).toBeGreaterThan(0);
      expect(new Set(seen).size).toBe(seen.length);
      const { rows } = await postgres.query<{ id: string }>(
        `SELECT id FROM customers WHERE id LIKE 'bulk-1%' AND id NOT LIKE '%late%'`,
      );
      const walked = new Set(seen);
      expect(rows.filter(({ id }) => !walked.has(id))).toEqual([]);
      expect(rows.length).toBeGreaterThan(10_000);
    });

    it('count up to 1,000 rows, and estimate beyond', async () => {
      await postgres.query(
        `INSERT INTO customers (id, name) SELECT 'more-' || n, 'More' FROM generate_series(1, 1001) AS n`,
      );
      await postgres.query('ANALYZE customers');
      const [all] = (await postgres.query<{ count: number }>(`SELECT count(*)::int FROM customers`)).rows;
      const page = await admin.get('/api/v1/customers');
      expect(page.body.total_is_estimate).toBe(true);
      expect(page.body.total).toBeGreaterThan(0.8 * all!.count);
      expect(page.body.total).toBeLessThan(1.2 * all!.count);
      expect((await admin.get('/api/v1/customers?q=more-')).body).toMatchObject({ total_is_estimate: true });
      await postgres.query(`DELETE FROM customers WHERE id = 'more-1'`);
      const counted = await admin.get('/api/v1/customers?q=more-');
      expect(counted.body).not.toHaveProperty('total_is_estimate');
      expect(counted.body.total).toBe(1000);
    });
  });
});
