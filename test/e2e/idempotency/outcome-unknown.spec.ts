import type { Client as SqlClient } from 'pg';
import { DatabaseProxy, MarkerSearch } from '../../support/database/database-proxy';
import { testDatabase, type TestDatabase } from '../../support/database/database';
import { superuserOf } from '../../support/database/sql';
import { aCustomer, aLicense } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { type Answer, Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';

const COMMIT = Buffer.from('COMMIT\0');

describe('a change whose commit the database does not confirm', () => {
  let database: TestDatabase;
  let proxy: DatabaseProxy;
  let server: TestServer;
  let admin: Client;
  let sql: SqlClient;
  /** What becomes of the next commit behind a text: `made` loses its answer, `lost` never arrives. */
  let next: { fate: 'made' | 'lost'; text: string } | undefined;

  beforeAll(async () => {
    database = await testDatabase();
    proxy = await DatabaseProxy.before(database.applicationUrl);
    proxy.onConnection = ({ cut }) => {
      const commit = new MarkerSearch(COMMIT);
      let isConcerned = false;
      let isMade = false;
      return {
        toDatabase: (chunk) => {
          // Jobs commit too, on the same connections.
          if (next !== undefined && chunk.includes(next.text)) isConcerned = true;
          if (!commit.endsIn(chunk) || next === undefined || !isConcerned) return true;
          isMade = next.fate === 'made';
          next = undefined;
          if (!isMade) cut();
          return isMade;
        },
        toClient: () => {
          if (isMade) cut();
          return !isMade;
        },
      };
    };
    server = await testServer({
      database: { ...database, applicationUrl: proxy.of(database.applicationUrl) },
    });
    admin = new Client(server.url, server.adminKey);
    sql = await superuserOf({ database });
  });
  afterAll(async () => {
    await sql.end();
    await server.close();
    await proxy.close();
    await database.drop();
  });

  function expectUnknown(answer: Answer): void {
    expectStatus(answer, 503);
    expect(answer.body.code).toBe('outcome_unknown');
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(answer.headers.get('location')).toBeNull();
  }
  const licensesOf = async (customer: string): Promise<number> => {
    const { rows } = await sql.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM licenses WHERE customer_id = $1',
      [customer],
    );
    return rows[0]!.count;
  };

  it.each([
    ['made', 1],
    ['lost', 0],
  ] as const)('is answered as unknown, and settled by repeating it: %s', async (fate, before) => {
    const { id } = await aCustomer(admin);
    const issue = (): Promise<Answer> =>
      admin.post(
        '/api/v1/licenses',
        {
          customer_id: id,
          module_name: `module-${fate}`,
          allowed_major_versions: ['17'],
          license_type: 'perpetual',
        },
        { 'Idempotency-Key': `order-${fate}` },
      );
    next = { fate, text: `module-${fate}` };
    expectUnknown(await issue());
    expect(await licensesOf(id)).toBe(before);
    const repeated = await issue();
    expectStatus(repeated, 201);
    expect(await licensesOf(id)).toBe(1);
    expect((await issue()).body).toEqual(repeated.body);
  });

  it('may be a revocation: its repetition gets the first answer', async () => {
    const { id } = await aLicense(admin);
    const revoke = (): Promise<Answer> =>
      admin.post(
        `/api/v1/licenses/${id}/revoke`,
        { reason: 'refund 4711' },
        { 'Idempotency-Key': 'refund-4711' },
      );
    next = { fate: 'made', text: 'refund 4711' };
    expectUnknown(await revoke());
    expect((await admin.get(`/api/v1/licenses/${id}`)).body.status).toBe('revoked');
    const repeated = await revoke();
    expectStatus(repeated, 200);
    expect(repeated.body.status).toBe('revoked');
  });
});
