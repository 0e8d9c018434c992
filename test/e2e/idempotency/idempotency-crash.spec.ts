import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Answer, Client } from '../../support/requests/client';
import { testDatabase, type TestDatabase } from '../../support/database/database';
import { expectStatus } from '../../support/contract/expect-status';
import { aCustomer, aLicense } from '../../support/factories';
import { Processes, type ServerProcess } from '../../support/processes/server-process';
import { superuserOf } from '../../support/database/sql';
import { until } from '../../support/until';
import { StalledCommit } from '../../support/database/stalled-commit';

describe('a server that is killed between commit and answer', () => {
  let database: TestDatabase;
  let processes: Processes;
  let folder: string;

  beforeEach(async () => {
    database = await testDatabase();
    processes = new Processes();
    folder = mkdtempSync(join(tmpdir(), 'aegis-crash-'));
  });
  afterEach(async () => {
    await processes.close();
    rmSync(folder, { recursive: true, force: true });
    await database.drop();
  });

  function serve(databaseUrl: string): Promise<ServerProcess> {
    return processes
      .server({
        ENVIRONMENT: 'test',
        DATABASE_URL: databaseUrl,
        MIGRATION_DATABASE_URL: database.ownerUrl,
        DATA_DIR: join(folder, 'data'),
        KEYS_DIR: join(folder, 'keys'),
        KEY_PASSPHRASE: 'a passphrase for tests',
        API_KEY_PEPPERS: 'v1:0123456789abcdef0123456789abcdef',
        DB_STATEMENT_TIMEOUT_MS: '60000',
        LOG_LEVEL: 'info',
        LOG_FORMAT: 'text',
      })
      .ready();
  }

  it.each([
    [
      'issue',
      (client: Client, key: string, { customer_id }: { customer_id: string }): Promise<Answer> =>
        client.post(
          '/api/v1/licenses',
          {
            customer_id,
            module_name: 'crash',
            allowed_major_versions: ['17'],
            license_type: 'perpetual',
          },
          { 'Idempotency-Key': key },
        ),
      `SELECT count(*)::int AS count FROM licenses WHERE module_name = 'crash'`,
      { status: 201, verdict: 'VALID' },
    ],
    [
      'revocation',
      (client: Client, key: string, { id }: { id: string }): Promise<Answer> =>
        client.delete(`/api/v1/licenses/${id}/revoke`, { reason: 'crash' }, { 'Idempotency-Key': key }),
      `SELECT count(*)::int AS count FROM licenses WHERE revoked_reason = 'crash'`,
      { status: 200, verdict: 'REVOKED' },
    ],
  ])('carries the %s out once, and answers its repetition', async (_, send, effect, { status, verdict }) => {
    const proxy = await StalledCommit.before(database.applicationUrl);
    const sql = await superuserOf({ database });
    const count = async (query: string): Promise<number> =>
      (await sql.query<{ count: number }>(query)).rows[0]!.count;
    try {
      const doomed = await serve(proxy.url);
      const secret = /admin API key: (\S+)/.exec(doomed.stdout)![1]!;
      const client = new Client(doomed.url, secret);
      const license = await aLicense(client, { customer_id: (await aCustomer(client)).id });

      proxy.arm();
      const unanswered = send(client, 'crash-1', license).then(
        () => 'answered',
        () => 'no answer',
      );
      await until('the commit', async () => (await count(effect)) === 1);
      doomed.kill('SIGKILL');
      expect(await unanswered).toBe('no answer');
      await doomed.ended;

      const successor = new Client((await serve(database.applicationUrl)).url, secret);
      const answer = await send(successor, 'crash-1', license);
      expectStatus(answer, status);
      expect(answer.headers.get('idempotent-replayed')).toBe('true');
      expect(await count(effect)).toBe(1);
      expect(await count('SELECT count(*)::int AS count FROM idempotency_keys')).toBe(1);
      const read = await successor.get(`/api/v1/licenses/${answer.body.id as string}`);
      expect(read.body).toMatchObject(answer.body);
      expect(answer.headers.get('etag')).toBe(read.headers.get('etag'));
      const validation = await successor.post('/api/v1/licenses/validate', {
        token: answer.body.token,
        module_name: answer.body.module_name,
        odoo_version: '17',
      });
      expect(validation.body.code).toBe(verdict);
      expect((await send(successor, 'crash-1', license)).body).toEqual(answer.body);
    } finally {
      await sql.end();
      await proxy.close();
    }
  });
});
