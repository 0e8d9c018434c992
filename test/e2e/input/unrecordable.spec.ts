import { randomBytes } from 'node:crypto';
import type { Client as SqlClient } from 'pg';
import { Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { aLicense, type IssuedLicense } from '../../support/factories';
import { type Claims, Forger } from '../../support/keys/forger';
import { LostAnswer } from '../../support/database/lost-answer';
import { type TestDatabase, testDatabase } from '../../support/database/database';
import { testServer, type TestServer } from '../../support/processes/server';
import { changeTable, superuserOf } from '../../support/database/sql';
import { until } from '../../support/until';

/** Each indexed column that holds text, and what keeps texts that its index can't hold out of it. */
const INDEXED_TEXTS: Readonly<Record<string, string>> = {
  'activity_counts.counter': '128 bytes: activity_counts_counter',
  'api_keys.id': '12 of Base62',
  'audit_logs.api_key_id': 'an api_keys.id',
  'audit_logs.customer_id': '50 characters: the parser of tokens, or customers_id_format',
  'audit_logs.event_type': '81 characters: audit_logs_event_type_format',
  'audit_logs.request_id': '128 of A-Z a-z 0-9 . _ -',
  'audit_shipments.sink': 'the setting CHECKPOINT_SINK',
  'customer_beginnings.beginning': '200 characters: cut by the trigger that writes it',
  'customer_beginnings.customer_id': 'a customers.id',
  'customers.id': '50 characters: customers_id_format',
  'idempotency_keys.customer_id': 'a customers.id',
  'import_counts.source': 'one of two',
  'license_issuers.issuer': 'the settings LICENSE_ISSUER and ACCEPTED_ISSUERS',
  'licenses.customer_id': 'a customers.id',
  'licenses.key_id': 'a signing_keys.kid',
  'licenses.license_type': 'one of three',
  'licenses.module_name': '100 characters: licenses_module_name_format',
  'licenses.status': 'one of three',
  'pepper_checks.version': 'the setting API_KEY_PEPPERS',
  'secrets_key_checks.version': 'the setting SECRETS_KEY',
  'sessions.api_key_id': 'an api_keys.id',
  'signing_keys.kid': '50 characters: signing_keys_kid_format',
  'signing_keys.public_key': '43 characters: signing_keys_public_key_format',
  'signing_keys.state': 'one of four',
  'statistics_counts.counter': 'written by triggers: a table and a state, type or verdict',
  'validation_counts.code': 'a verdict code',
  'webhook_deliveries.answer': '1,024 bytes, and only whether it is there: webhook_deliveries_answer_length',
  'webhook_deliveries.state': 'one of four',
};

describe('what cannot be recorded', () => {
  let database: TestDatabase;
  let between: LostAnswer;
  let server: TestServer;
  let client: Client;
  let anyone: Client;
  let sql: SqlClient;
  let forger: Forger;
  let license: IssuedLicense;

  beforeAll(async () => {
    database = await testDatabase();
    between = await LostAnswer.before(database.applicationUrl);
    server = await testServer({ database: { ...database, applicationUrl: between.url } });
    client = new Client(server.url, server.adminKey);
    anyone = new Client(server.url);
    sql = await superuserOf(server);
    forger = new Forger(server.keysDir, (await anyone.get('/info')).body.key_id);
    license = await aLicense(client);
  });
  afterAll(async () => {
    await sql.end();
    await server.close();
    await between.close();
    await database.drop();
  });

  const question = (token: string, module_name = 'payroll') => ({ token, module_name, odoo_version: '17' });

  /** Records of validations by request id. */
  async function recordsOf(requestIds: readonly string[]): Promise<Record<string, number>> {
    const { rows } = await sql.query<{ request_id: string; count: number }>(
      `SELECT request_id, count(*)::int AS count FROM audit_logs
       WHERE event_type = 'license.validated' AND request_id = ANY($1) GROUP BY request_id`,
      [requestIds],
    );
    return Object.fromEntries(rows.map(({ request_id, count }) => [request_id, count]));
  }

  const overlong: [string, Claims][] = [
    ['customer.id of 4 KB', { customer: { id: randomBytes(3000).toString('base64'), name: 'x' } }],
    ['customer.id of 51 characters', { customer: { id: 'x'.repeat(51), name: 'x' } }],
    ['customer.name of 256 characters', { customer: { id: 'x', name: 'x'.repeat(256) } }],
    [
      'module.technical_name of 101 characters',
      { module: { technical_name: 'x'.repeat(101), allowed_major_versions: ['17'] } },
    ],
    ['instance_fingerprint of 101 characters', { instance_fingerprint: 'x'.repeat(101) }],
  ];

  it.each(overlong)('a token that our key signed with a %s is malformed', async (_what, claims) => {
    const token = forger.token(forger.claims(claims));
    const answer = await anyone.post('/api/v1/licenses/validate', question(token));
    expectStatus(answer, 200);
    expect(answer.body).toMatchObject({ valid: false, code: 'MALFORMED', customer_name: null });
    expect(await recordsOf([answer.headers.get('x-request-id')!])).toEqual({});
  });

  it('such tokens do not affect the answers for other tokens of the same batch', async () => {
    const items = Array.from({ length: 500 }, (_, index) => {
      const [, claims] = overlong[index % 50] ?? [];
      return question(claims ? forger.token(forger.claims(claims)) : license.token, `module-${index}`);
    });
    const answer = await client.post('/api/v1/licenses/validate/batch', { items });
    expectStatus(answer, 200);
    const { results } = answer.body as { results: { code: string }[] };
    expect(results.map(({ code }) => code)).toEqual(
      items.map((_, index) => (overlong[index % 50] ? 'MALFORMED' : 'MODULE_MISMATCH')),
    );
    expect(await recordsOf([answer.headers.get('x-request-id')!])).toEqual({
      [answer.headers.get('x-request-id')!]: 450,
    });
  });

  it('everything else in a request is recorded, even at its greatest length', async () => {
    const requestId = randomBytes(64).toString('hex');
    const claims = forger.claims({
      customer: { id: '🚀'.repeat(50), name: '🚀'.repeat(255) },
      module: { technical_name: '🚀'.repeat(100), allowed_major_versions: ['17'] },
      instance_fingerprint: '🚀'.repeat(100),
      iss: 'x'.repeat(2000),
      rev: Number.MAX_SAFE_INTEGER,
      jti: 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
    });
    const answer = await anyone.post('/api/v1/licenses/validate', question(forger.token(claims)), {
      'X-Request-ID': requestId,
      'User-Agent': randomBytes(6000).toString('base64'),
    });
    expectStatus(answer, 200);
    expect(answer.body.code).toBe('ISSUER_MISMATCH');
    expect(await recordsOf([requestId])).toEqual({ [requestId]: 1 });
  });

  it('each indexed text has a limit that its index can store', async () => {
    const { rows } = await sql.query<{ column: string }>(
      `SELECT DISTINCT t.relname || '.' || a.attname AS column
       FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_attribute a ON a.attrelid = t.oid
       WHERE t.relnamespace = 'public'::regnamespace AND NOT t.relispartition AND t.relname <> 'migrations'
         AND a.atttypid IN ('text'::regtype, 'varchar'::regtype)
         AND (a.attnum = ANY (i.indkey) OR EXISTS (  -- a column of the index, or of an expression in it
           SELECT FROM pg_depend d
           WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
             AND d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid AND d.refobjsubid = a.attnum))`,
    );
    expect(rows.map(({ column }) => column).sort()).toEqual(Object.keys(INDEXED_TEXTS).sort());
  });

  describe('where the database refuses a record', () => {
    beforeAll(() =>
      changeTable(
        sql,
        `ALTER TABLE audit_logs ADD CONSTRAINT refuses_a_module CHECK (module_name <> 'unrecordable')`,
      ),
    );
    afterAll(() => changeTable(sql, 'ALTER TABLE audit_logs DROP CONSTRAINT refuses_a_module'));

    it('only that validation fails, even if it shares its statement with others', async () => {
      const unrecordable = forger.token(
        forger.claims({ module: { technical_name: 'unrecordable', allowed_major_versions: ['17'] } }),
      );
      const items = Array.from({ length: 300 }, (_, index) => question(license.token, `module-${index}`));
      items[137] = question(unrecordable);
      const answer = await client.post('/api/v1/licenses/validate/batch', { items });
      // Who asked about it gets no answer; each of the others is on record, once.
      expectStatus(answer, 503);
      expect(await recordsOf([answer.headers.get('x-request-id')!])).toEqual({
        [answer.headers.get('x-request-id')!]: 299,
      });
    });

    it('only that request fails, no matter who asks at the same time', async () => {
      const unrecordable = forger.token(
        forger.claims({ module: { technical_name: 'unrecordable', allowed_major_versions: ['17'] } }),
      );
      const requestIds = Array.from({ length: 60 }, (_, index) => `other-${index}`);
      const statuses = await Promise.all(
        requestIds.map(async (id, index) => {
          const token = index === 30 ? unrecordable : license.token;
          const headers = { 'X-Request-ID': id };
          return (await anyone.post('/api/v1/licenses/validate', question(token), headers)).status;
        }),
      );
      expect(statuses).toEqual(requestIds.map((_, index) => (index === 30 ? 503 : 200)));
      expect(await recordsOf(requestIds)).toEqual(
        Object.fromEntries(requestIds.filter((_, index) => index !== 30).map((id) => [id, 1])),
      );
    });
  });

  it('a connection that is lost between a record and its answer leads to no second record', async () => {
    const requestIds = Array.from({ length: 60 }, (_, index) => `lost-${index}`);
    between.arm('audit-append');
    const statuses = await Promise.all(
      requestIds.map(async (id) => {
        const headers = { 'X-Request-ID': id };
        return (await anyone.post('/api/v1/licenses/validate', question(license.token), headers)).status;
      }),
    );
    expect(between.count).toBe(1);
    expect(statuses).toContain(503);
    // What was lost on its way was carried out.
    await until('every record is there', async () => Object.keys(await recordsOf(requestIds)).length === 60);
    expect(await recordsOf(requestIds)).toEqual(Object.fromEntries(requestIds.map((id) => [id, 1])));
  });
});
