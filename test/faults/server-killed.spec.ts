import { randomBytes } from 'node:crypto';
import type { ServerProcess } from '../support/processes/server-process';
import { until } from '../support/until';
import { codeOf, type Reply } from './support/caller';
import { RowPostgres } from './support/postgres';
import { shortOrLong } from './support/promises';
import { Servers } from './support/servers';
import { issueOf, Vendor } from './support/vendor';

/** So many licenses are being issued while the server is killed. */
const AT_ONCE = 12;

describe('kill -9 of the server while it issues', () => {
  let postgres: RowPostgres;
  let servers: Servers;
  let server: ServerProcess;
  let vendor: Vendor;

  beforeAll(async () => {
    postgres = await RowPostgres.start();
    servers = new Servers(postgres.applicationUrl);
    server = await servers.start();
    vendor = new Vendor(() => server.url);
  });
  afterAll(async () => {
    vendor.close();
    await servers.close();
    await postgres.close();
  });

  /** As clients do: again while another request with this key is still running. */
  async function repeated(customer: string, key: string): Promise<Reply> {
    let reply: Reply | undefined;
    await until('the repetition is answered', async () => {
      reply = await vendor.send('POST', '/api/v1/licenses', issueOf(customer), key);
      return codeOf(reply) !== 'request_in_progress';
    });
    return reply!;
  }

  it('issues one license for each Idempotency-Key, and answers its repetitions identically', async () => {
    const customer = await vendor.customer();
    let unanswered = 0;
    for (let time = 0; time < shortOrLong(5, 100); time++) {
      const keys = Array.from({ length: AT_ONCE }, () => randomBytes(9).toString('hex'));
      const doomed = server;
      let answered = 0;
      // Each time it is killed a little later: after none was answered, after one, after two …
      const first = keys.map(async (key) => {
        const reply = await vendor.send('POST', '/api/v1/licenses', issueOf(customer), key);
        answered += 1;
        if (answered === time % (AT_ONCE / 2)) doomed.kill('SIGKILL');
        return reply;
      });
      if (time % (AT_ONCE / 2) === 0) {
        await until('the server works on them', async () => (await licenses(customer)) > time * AT_ONCE);
        doomed.kill('SIGKILL');
      }
      const replies = await Promise.all(first);
      await doomed.ended;
      server = await servers.start();
      for (const [n, key] of keys.entries()) {
        const again = await repeated(customer, key);
        expect(again.status).toBe(201);
        const earlier = replies[n]!;
        if (earlier.status === 0) unanswered += 1;
        else expect([earlier.status, earlier.body]).toEqual([201, again.body]);
        const third = await repeated(customer, key);
        expect(third.body).toEqual(again.body);
        expect([third.headers['idempotent-replayed'], third.headers.etag]).toEqual([
          'true',
          again.headers.etag,
        ]);
      }
      expect(await licenses(customer)).toBe((time + 1) * AT_ONCE);
    }
    expect(unanswered).toBeGreaterThan(0);
  });

  /** How many licenses a customer has, each with the record of its issue. */
  async function licenses(customer: string): Promise<number> {
    const [row] = await postgres.query<{ licenses: number; records: number }>(
      `SELECT count(*)::int AS licenses,
              (SELECT count(*)::int FROM audit_logs
               WHERE customer_id = $1 AND event_type = 'license.issued') AS records
       FROM licenses WHERE customer_id = $1`,
      [customer],
    );
    expect(row?.records).toBe(row?.licenses);
    return row?.licenses ?? 0;
  }
});
