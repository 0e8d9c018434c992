import { until } from '../support/until';
import { aCustomerId } from '../support/factories';
import { median } from './support/caller';
import { SLOW_MACHINE } from './support/promises';
import { Row } from './support/row';

const POOL = 4;
const REFUSED_WITHIN_MS = 1_000;

describe('a pool whose connections are all in use', () => {
  let row: Row;

  beforeAll(async () => {
    // What holds them waits for as long as the row lasts.
    row = await Row.start({
      server: {
        DB_POOL_SIZE: String(POOL),
        DB_LOCK_TIMEOUT_MS: '60000',
        DB_STATEMENT_TIMEOUT_MS: '60000',
        DB_DEADLINE_MS: '61000',
      },
    });
  });
  afterAll(() => row.close());

  it('requests without a connection get 503 with Retry-After within 1 s, and are served when one is free again', async () => {
    const customers = Array.from({ length: POOL }, aCustomerId);
    for (const id of customers) await row.send('POST', '/api/v1/customers', { id, name: 'Acme Corporation' });
    const holder = await row.postgres.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('SELECT FROM customers WHERE id = ANY ($1) FOR UPDATE', [customers]);
      const holding = customers.map((id) => row.send('PATCH', `/api/v1/customers/${id}`, { name: 'Acme' }));
      await until('every connection waits for a lock', async () => {
        const [waiting] = await row.postgres.query<{ count: number }>(
          `SELECT count(*)::int AS count FROM pg_stat_activity
           WHERE usename = 'aegis_app' AND application_name = 'aegis' AND wait_event_type = 'Lock'`,
        );
        return waiting?.count === POOL;
      });
      const refused = await Promise.all(Array.from({ length: 30 }, () => row.load.one('validate')));
      const replies = refused.map(({ reply }) => reply!);
      expect([...new Set(replies.map(({ status }) => status))]).toEqual([503]);
      for (const { headers, body } of replies) {
        expect(Number(headers['retry-after'])).toBeGreaterThan(0);
        expect(body).toMatchObject({ code: 'service_unavailable' });
      }
      const times = replies.map(({ milliseconds }) => milliseconds);
      expect(median(times)).toBeLessThan(REFUSED_WITHIN_MS);
      expect(Math.max(...times)).toBeLessThan(REFUSED_WITHIN_MS * SLOW_MACHINE);
      await holder.query('ROLLBACK');
      expect((await Promise.all(holding)).map(({ status }) => status)).toEqual(customers.map(() => 200));
    } finally {
      await holder.end();
    }
    expect((await row.load.one('validate')).reply?.status).toBe(200);
    expect(await row.whatIsWrong()).toEqual([]);
  });
});
