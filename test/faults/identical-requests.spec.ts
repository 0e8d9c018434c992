import { randomBytes } from 'node:crypto';
import { PATIENCE } from '../support/patience';
import type { ServerProcess } from '../support/processes/server-process';
import { codeOf, type Reply } from './support/caller';
import { RowPostgres } from './support/postgres';
import { Servers } from './support/servers';
import { issueOf, Vendor } from './support/vendor';

const COUNT = 100;
/** No request is to be refused because it waits for a connection. */
const PATIENT = { ...PATIENCE, DB_DEADLINE_MS: '60000' };

interface Sent {
  method: string;
  path: string;
  body?: object;
  /** For If-Match, where a repetition without Idempotency-Key would be a change of its own. */
  tag?: string;
}

interface Change {
  name: string;
  event: string;
  success: number;
  /** Of the others, without Idempotency-Key. */
  refusal?: number;
  prepare(): Promise<Sent>;
}

describe('100 identical requests at once, to two servers', () => {
  let postgres: RowPostgres;
  let servers: Servers;
  let running: ServerProcess[];
  let vendor: Vendor;
  let sent = 0;

  beforeAll(async () => {
    postgres = await RowPostgres.start();
    servers = new Servers(postgres.applicationUrl);
    running = await Promise.all([servers.start(PATIENT), servers.start(PATIENT)]);
    vendor = new Vendor(() => running[sent++ % 2]!.url);
  });
  afterAll(async () => {
    vendor.close();
    await servers.close();
    await postgres.close();
  });

  const subscription = { license_type: 'subscription', duration_days: 30 };
  const changes: Change[] = [
    {
      name: 'issue',
      event: 'license.issued',
      success: 201,
      prepare: async () => ({
        method: 'POST',
        path: '/api/v1/licenses',
        body: issueOf(await vendor.customer()),
      }),
    },
    {
      name: 'revoke',
      event: 'license.revoked',
      success: 200,
      refusal: 409,
      prepare: async () => {
        const { id } = await vendor.license(await vendor.customer());
        return { method: 'POST', path: `/api/v1/licenses/${id}/revoke`, body: { reason: 'not paid' } };
      },
    },
    {
      name: 'renew',
      event: 'license.renewed',
      success: 200,
      refusal: 412,
      prepare: async () => {
        const { id } = await vendor.license(await vendor.customer(), subscription);
        const tag = await tagOf(`/api/v1/licenses/${id}`);
        return { method: 'POST', path: `/api/v1/licenses/${id}/renew`, body: { duration_days: 30 }, tag };
      },
    },
    {
      name: 'rotate an API key',
      event: 'api_key.rotated',
      success: 200,
      refusal: 412,
      prepare: async () => {
        const made = { name: 'shop', scopes: ['licenses:read'] };
        const { id } = await vendor.made<{ id: string }>('/api/v1/admin/api-keys', made);
        const tag = await tagOf(`/api/v1/admin/api-keys/${id}`);
        return { method: 'POST', path: `/api/v1/admin/api-keys/${id}/rotate`, body: {}, tag };
      },
    },
    {
      name: 'delete a customer',
      event: 'customer.deleted',
      success: 204,
      refusal: 404,
      prepare: async () => ({ method: 'DELETE', path: `/api/v1/customers/${await vendor.customer()}` }),
    },
  ];

  it.each(changes)(
    'under one Idempotency-Key $name once, and all that are answered get the same answer',
    async ({ event, success, prepare }) => {
      const { method, path, body } = await prepare();
      const key = randomBytes(9).toString('hex');
      const before = await records(event);
      const replies = await atOnce(() => vendor.send(method, path, body, key));
      const done = replies.filter(({ status }) => status === success);
      expect(done.length).toBeGreaterThan(0);
      expect(
        replies.filter((reply) => reply.status !== success && codeOf(reply) !== 'request_in_progress'),
      ).toEqual([]);
      const last = await vendor.send(method, path, body, key);
      expect(last.headers['idempotent-replayed']).toBe('true');
      for (const reply of done) expect(reply.body).toEqual(last.body);
      expect(await records(event)).toBe(before + 1);
      if (event === 'license.issued')
        expect(
          await postgres.query(`SELECT customer_id FROM licenses GROUP BY customer_id HAVING count(*) <> 1`),
        ).toEqual([]);
    },
  );

  it.each(changes.filter(({ refusal }) => refusal !== undefined))(
    'without a key $name once, and refuse the others',
    async ({ event, success, refusal, prepare }) => {
      const { method, path, body, tag } = await prepare();
      const before = await records(event);
      const replies = await atOnce(() => vendor.send(method, path, body, undefined, tag));
      const statuses = replies.map(({ status }) => status).sort();
      expect(statuses).toEqual([success, ...Array<number>(COUNT - 1).fill(refusal!)].sort());
      expect(await records(event)).toBe(before + 1);
    },
  );

  function atOnce(send: () => Promise<Reply>): Promise<Reply[]> {
    return Promise.all(Array.from({ length: COUNT }, send));
  }

  async function tagOf(path: string): Promise<string> {
    return String((await vendor.send('GET', path)).headers.etag);
  }

  async function records(event: string): Promise<number> {
    const [row] = await postgres.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM audit_logs WHERE event_type = $1',
      [event],
    );
    return row!.count;
  }
});
