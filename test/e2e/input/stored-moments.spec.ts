import { migrateDown, migrateUp } from '@aegis/database';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client as SqlClient } from 'pg';
import { AnswerSeal } from '../../../libs/idempotency/src/answer-seal';
import { migrationDataSource } from '../../../migrations/data-source';
import { applicationPrivileges } from '../../../migrations/privileges';
import { Client } from '../../support/requests/client';
import type { CommandLine } from '../../support/processes/command-line';
import { expectStatus } from '../../support/contract/expect-status';
import { aCustomer, aLicense } from '../../support/factories';
import { commandLineOf, testServer, type TestServer } from '../../support/processes/server';
import { superuserOf } from '../../support/database/sql';

// Commands warn of a key whose passphrase is stretched less.
jest.unmock('../../../libs/signing/src/keys/passphrase-iterations');

// Each command is a process of its own, and the machine may be busy.
jest.setTimeout(180_000);

const PEPPER = '0123456789abcdef0123456789abcdef';
const LAST = '9999-12-31T23:59:59.999Z';
const FIRST = '0001-01-01T00:00:00.000Z';
const NO_RFC_3339 =
  /[+-]\d{6}-\d\d-\d\dT|\b0000-\d\d-\d\dT|infinity|Invalid Date|\d{5,}-\d\d-\d\d[T ]| BC\b/i;

/** What earlier versions, an import or a hand at the database could leave in a row. */
const STORED = [
  '10000-01-01T00:59:59Z',
  '294276-12-31T00:00:00Z',
  'infinity',
  '0001-12-31T00:00:00Z BC',
  '-infinity',
];

describe('times that earlier versions stored', () => {
  let folder: string;
  let server: TestServer;
  let client: Client;
  let sql: SqlClient;
  let aegis: CommandLine;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-moments-'));
    server = await testServer();
    client = new Client(server.url, server.adminKey);
    sql = await superuserOf(server);
    aegis = commandLineOf(server, folder).with({ LOG_LEVEL: 'warn' });
  });
  afterAll(async () => {
    await sql.end();
    await server.close();
    rmSync(folder, { recursive: true });
  });

  /** Runs `work` on the tables as they were before times were bounded, then upgrades. */
  async function beforeTheUpgrade(work: () => Promise<void>): Promise<void> {
    const owner = await migrationDataSource(server.database.ownerUrl).initialize();
    try {
      let name: string | undefined;
      do name = await migrateDown(owner);
      while (name !== undefined && !name.startsWith('BoundMoments'));
      await work();
      await migrateUp(owner, 'aegis_app', applicationPrivileges);
    } finally {
      await owner.destroy();
    }
  }

  it.each(STORED)('are in every answer RFC 3339 times: %s', async (stored) => {
    const customer = await aCustomer(client);
    const license = await aLicense(client, {
      customer_id: customer.id,
      license_type: 'subscription',
      duration_days: 1,
    });
    const revoked = await aLicense(client, { customer_id: customer.id });
    const suspended = await aLicense(client, { customer_id: customer.id });
    expectStatus(await client.delete(`/api/v1/licenses/${revoked.id}/revoke`, { reason: 'refunded' }), 200);
    expectStatus(await client.post(`/api/v1/licenses/${suspended.id}/suspend`, { reason: 'unpaid' }), 200);
    const made = await client.post('/api/v1/admin/api-keys', {
      name: 'stored',
      scopes: ['licenses:read'],
      expires_at: '2990-01-01T00:00:00Z',
    });
    expectStatus(made, 201);
    const { id: apiKey } = made.body as { id: string };
    const before = await client.get(`/api/v1/licenses/${license.id}`);

    await beforeTheUpgrade(async () => {
      const licenses = [license.id, revoked.id, suspended.id];
      await sql.query(`UPDATE customers SET created_at = $1, updated_at = $1 WHERE id = $2`, [
        stored,
        customer.id,
      ]);
      await sql.query(
        `UPDATE licenses SET issued_at = $1, created_at = $1, updated_at = $1,
           expires_at = CASE WHEN expires_at IS NOT NULL THEN $1::timestamptz END,
           revoked_at = CASE WHEN revoked_at IS NOT NULL THEN $1::timestamptz END,
           suspended_at = CASE WHEN suspended_at IS NOT NULL THEN $1::timestamptz END
         WHERE id = ANY($2)`,
        [stored, licenses],
      );
      await sql.query(
        `UPDATE license_tokens SET recorded_at = $1, superseded_at = $1 WHERE license_id = $2`,
        [stored, revoked.id],
      );
      await sql.query(
        `UPDATE api_keys SET expires_at = $1, last_used_at = $1, created_at = $1, updated_at = $1 WHERE id = $2`,
        [stored, apiKey],
      );
      await sql.query(`UPDATE signing_keys SET created_at = $1, activated_at = $1`, [stored]);
    });

    const nearest = /BC|^-/.test(stored) ? FIRST : LAST;
    const shown = await client.get(`/api/v1/licenses/${license.id}`);
    expect(shown.body).toMatchObject({ issued_at: nearest, expires_at: nearest, created_at: nearest });
    expect(shown.headers.get('etag')).not.toBe(before.headers.get('etag'));
    const paths = [
      `/api/v1/licenses/${license.id}`,
      `/api/v1/licenses/${revoked.id}`,
      `/api/v1/licenses/${suspended.id}`,
      `/api/v1/licenses/${license.id}/status`,
      `/api/v1/customers/${customer.id}`,
      `/api/v1/admin/api-keys/${apiKey}`,
      ...['licenses', 'customers', 'admin/api-keys', 'admin/audit-logs'].map(
        (list) => `/api/v1/${list}?page_size=100`,
      ),
    ];
    const texts: string[] = [];
    for (const path of paths) {
      const answer = await client.get(path);
      expectStatus(answer, 200);
      texts.push(JSON.stringify(answer.body));
      if (!path.includes('page_size')) continue;
      for (const Accept of ['text/csv', 'application/x-ndjson'])
        texts.push(String((await client.get(path.split('?')[0]!, { Accept })).body));
    }
    const inspected = await client.post('/api/v1/licenses/inspect', { token: revoked.token });
    expectStatus(inspected, 200);
    texts.push(JSON.stringify(inspected.body));
    for (const command of [
      ['keys', 'list'],
      ['api-keys', 'list'],
      ['peppers', 'status'],
    ]) {
      const { stdout, stderr } = await aegis.run(...command);
      expect(stderr).not.toMatch(/Unexpected|RangeError|\n {4}at /);
      texts.push(stdout);
    }
    for (const text of texts) expect(text).not.toMatch(NO_RFC_3339);
    // The rows can be changed as any other.
    expectStatus(await client.delete(`/api/v1/licenses/${license.id}/revoke`, { reason: 'refunded' }), 200);
    expectStatus(await client.patch(`/api/v1/customers/${customer.id}`, { name: 'Renamed' }), 200);
    expectStatus(await client.patch(`/api/v1/admin/api-keys/${apiKey}`, { description: 'changed' }), 200);
  });

  it('in an answer that an earlier version remembered are RFC 3339 times', async () => {
    const callerId = (await client.get('/api/v1/me')).body as { id: string };
    const body = { name: 'once', scopes: ['licenses:read'], expires_at: '9999-12-31T23:59:59Z' };
    const headers = { 'Idempotency-Key': 'an earlier version'.replaceAll(' ', '-') };
    expectStatus(await client.post('/api/v1/admin/api-keys', body, headers), 201);
    const { rows } = await sql.query<{ key_hash: Buffer; request_hash: Buffer; answer: Buffer }>(
      'SELECT key_hash, request_hash, answer FROM idempotency_keys',
    );
    const { key_hash, request_hash, answer } = rows[0]!;
    const seal = new AnswerSeal(PEPPER, callerId.id, headers['Idempotency-Key']);
    const row = Buffer.concat([key_hash, request_hash]);
    const remembered = seal
      .open(answer, row)
      .replace('9999-12-31T23:59:59.000Z', '+010000-01-01T00:59:59.000Z')
      .replace('"once"', '"+010000-01-01T00:59:59.000Z"');
    expect(remembered).toContain('"expires_at":"+010000-01-01T00:59:59.000Z"');
    await sql.query('UPDATE idempotency_keys SET answer = $1', [seal.close(remembered, row)]);
    const replayed = await client.post('/api/v1/admin/api-keys', body, headers);
    expectStatus(replayed, 201);
    // What people wrote stays as it is.
    expect(replayed.body).toMatchObject({ expires_at: LAST, name: '+010000-01-01T00:59:59.000Z' });
  });

  it('are texts like others in what a vendor named: a remembered answer says what the first one said', async () => {
    const entitlements = { paid_until: '+010000-01-01T00:59:59.000Z' };
    const license = await aLicense(client);
    const headers = { 'Idempotency-Key': 'a-vendor' };
    const path = `/api/v1/licenses/${license.id}/reissue`;
    const first = await client.post(path, { entitlements }, headers);
    expect(first.body).toMatchObject({ entitlements });
    expect((await client.post(path, { entitlements }, headers)).body).toEqual(first.body);
  });
});
