import { randomUUID } from 'node:crypto';
import { Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { testServer, type TestServer } from '../../support/processes/server';
import { superuserOf, untilBlocked } from '../../support/database/sql';

describe('a request under a key whose first request still runs', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await testServer({
      variables: { DB_LOCK_TIMEOUT_MS: '20000', DB_STATEMENT_TIMEOUT_MS: '20000' },
    });
  });

  afterAll(async () => {
    await server.close();
  });

  it('gets Retry-After, and later the answer of the first one', async () => {
    const admin = new Client(server.url, server.adminKey);
    const headers = { 'Idempotency-Key': randomUUID() };
    const make = () => admin.post('/api/v1/admin/api-keys', { name: 'CI', scopes: ['stats:read'] }, headers);
    const sql = await superuserOf(server);
    try {
      await sql.query('BEGIN');
      await sql.query('LOCK TABLE api_keys IN EXCLUSIVE MODE');
      const first = make();
      await untilBlocked(sql);
      const second = await make();
      expectStatus(second, 409);
      expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0);
      await sql.query('ROLLBACK');
      const made = await first;
      expectStatus(made, 201);
      const replayed = await make();
      expectStatus(replayed, 201);
      expect(replayed.headers.get('idempotent-replayed')).toBe('true');
      expect(replayed.body).toEqual(made.body);
    } finally {
      await sql.end();
    }
  });
});
