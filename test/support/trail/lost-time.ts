import { formatOfflineRequest, newOfflineRequest } from '@aegis/license-token';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectStatus } from '../contract/expect-status';
import { copyOf, testDatabase, type TestDatabase } from '../database/database';
import { superuserOf } from '../database/sql';
import { aCustomer, aLicense, anApiKey, type IssuedLicense } from '../factories';
import { testServer, type TestServer } from '../processes/server';
import { Client } from '../requests/client';
import { until } from '../until';

/** What becomes of a license after the backup, and the verdict on its first token then. */
export const FATES = {
  untouched: 'VALID',
  revoked: 'REVOKED',
  suspended: 'SUSPENDED',
  reinstated: 'VALID',
  renewed: 'VALID',
  superseded: 'SUPERSEDED',
  given_seats: 'SUPERSEDED',
  freed_of_seats: 'SUPERSEDED',
  given_more_seats: 'VALID',
  of_installations: 'VALID',
  of_a_deactivated_customer: 'CUSTOMER_INACTIVE',
  of_a_removed_customer: 'REVOKED',
  issued_later: 'VALID',
  issued_later_to_a_new_customer: 'VALID',
  issued_and_revoked_later: 'REVOKED',
} as const;

export type Fate = keyof typeof FATES;

/** A database, a backup of it, and what happened after the backup: as a sink has it, and as it should be known again. */
export class LostTime {
  readonly folder = mkdtempSync(join(tmpdir(), 'aegis-lost-time-'));
  readonly keysDir = join(this.folder, 'keys');
  readonly sink = join(this.folder, 'shipped.txt');
  readonly licenses = {} as Record<Fate, IssuedLicense>;
  /** Newest tokens of those that got another one. */
  readonly newest: Partial<Record<Fate, string>> = {};
  adminKey = '';
  newCustomer = '';
  /** Activations of the license `of_installations`, by their fingerprints. */
  readonly activations: Record<string, { id: string; token: string }> = {};
  deletedKey = { id: '', key: '' };
  rotatedKey = { id: '', key: '' };
  private readonly databases: TestDatabase[] = [];
  private kept = '';
  private copies = 0;
  private original!: TestDatabase;
  private backup!: TestDatabase;

  static async pass(): Promise<LostTime> {
    const time = new LostTime();
    time.original = await testDatabase();
    await time.serve(time.original, (server) => time.before(server));
    time.backup = await copyOf(time.original);
    await time.serve(time.original, (server) => time.after(server));
    time.kept = readFileSync(time.sink, 'utf8');
    return time;
  }

  /** The backup, restored: another database each time. */
  async restored(): Promise<TestDatabase> {
    const database = await copyOf(this.backup);
    this.databases.push(database);
    return database;
  }

  /** Runs a server on a database, with the sink, until the work is done and all of it is shipped. */
  private async serve<T>(
    database: TestDatabase,
    work: (server: TestServer) => Promise<T>,
    sink = this.sink,
  ): Promise<T> {
    const server = await this.server(database, sink);
    try {
      const result = await work(server);
      await this.untilShipped(server, sink);
      return result;
    } finally {
      await server.close();
    }
  }

  /**
   * A server on a restored database, with the keys of this time.
   * @param file what its sink has: what the sink had at its end, unless given
   */
  serverAfter(database: TestDatabase, file = this.kept): Promise<TestServer> {
    const copy = join(this.folder, `copy-${(this.copies += 1)}.txt`);
    writeFileSync(copy, file);
    return this.server(database, copy);
  }

  /** All that a sink gets where something else happens after the backup. */
  async shippedOf(happens: (server: TestServer) => Promise<void>): Promise<string> {
    const sink = join(this.folder, `other-${(this.copies += 1)}.txt`);
    await this.serve(await this.restored(), happens, sink);
    return readFileSync(sink, 'utf8');
  }

  /** What was shipped until its end. */
  shipped(): string {
    return this.kept;
  }

  private server(database: TestDatabase, sink: string): Promise<TestServer> {
    return testServer({ database, keysDir: this.keysDir, variables: { CHECKPOINT_SINK: `file:${sink}` } });
  }

  async close(): Promise<void> {
    for (const database of [...this.databases, this.backup, this.original]) await database.drop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async untilShipped(server: TestServer, sink = this.sink): Promise<void> {
    const sql = await superuserOf(server);
    try {
      await until('all of it is shipped', async () => {
        const { rows } = await sql.query<{ unsealed: number; last: string | null }>(
          `SELECT (SELECT count(*)::int FROM audit_logs WHERE id NOT IN (SELECT audit_id FROM audit_seals)) AS unsealed,
                  (SELECT jws FROM audit_checkpoints ORDER BY number DESC LIMIT 1) AS last`,
        );
        const [row] = rows;
        return row?.unsealed === 0 && row.last !== null && readFileSync(sink, 'utf8').includes(row.last);
      });
    } finally {
      await sql.end();
    }
  }

  private async before(server: TestServer): Promise<void> {
    this.adminKey = server.adminKey;
    const admin = new Client(server.url, this.adminKey);
    for (const fate of Object.keys(FATES) as Fate[])
      if (!fate.startsWith('issued_')) this.licenses[fate] = await aLicense(admin, subscription(fate));
    expectStatus(
      await admin.post(`/api/v1/licenses/${this.licenses.reinstated.id}/suspend`, { reason: 'unpaid' }),
      200,
    );
    const sql = await superuserOf(server);
    for (const fate of ['freed_of_seats', 'of_a_removed_customer'] as const)
      await sql.query(
        `INSERT INTO activations (id, license_id, fp, name, mode, over, fence, admitted_at, last_seen_at)
         VALUES (gen_random_uuid(), $1, sha256('a'), 'Anna at home', 'fixed', false, 1, clock_timestamp(), clock_timestamp())`,
        [this.licenses[fate].id],
      );
    await sql.query(
      'UPDATE license_seats SET open = 1 WHERE license_id IN (SELECT license_id FROM activations)',
    );
    await sql.end();
    for (const fingerprint of ['stays', 'is released', 'is ended']) await this.activate(server, fingerprint);
    this.deletedKey = await anApiKey(admin, { name: 'of a partner' });
    this.rotatedKey = await anApiKey(admin, { name: 'of the shop' });
  }

  /** The record that a server of the previous version writes: it knows no seats. */
  private async renewedByPreviousVersion(server: TestServer, license: IssuedLicense): Promise<void> {
    const sql = await superuserOf(server);
    await sql.query(
      `INSERT INTO audit_logs (event_type, license_id, customer_id, module_name, actor, event_data)
       SELECT 'license.renewed', id, customer_id, module_name, 'api_key:previous', jsonb_build_object(
                'license_type', license_type, 'allowed_major_versions', allowed_major_versions, 'key_id', key_id,
                'expires_at', expires_at + interval '1 day', 'grace_days', grace_days, 'entitlements', entitlements,
                'revision', 2, 'token_sha256', repeat('0a', 32), 'fields', ARRAY['expires_at'], 'superseded', false)
       FROM licenses WHERE id = $1`,
      [license.id],
    );
    await sql.end();
  }

  private async activate(server: TestServer, fingerprint: string): Promise<void> {
    const { token } = this.licenses.of_installations;
    const question = { module_name: 'payroll', odoo_version: '17.0' };
    const answer = await new Client(server.url).post('/api/v1/activations', {
      token,
      ...question,
      fingerprint,
    });
    expectStatus(answer, 201);
    this.activations[fingerprint] = answer.body as { id: string; token: string };
  }

  private async makeFile(server: TestServer, fingerprint: string, valid_days: number): Promise<void> {
    const { id } = this.licenses.of_installations;
    const request = formatOfflineRequest(await newOfflineRequest(id, fingerprint, new Date()));
    const admin = new Client(server.url, this.adminKey);
    const path = `/api/v1/licenses/${id}/activations/offline`;
    const answer = await admin.post(path, { request, valid_days });
    expectStatus(answer, 201);
    const { activation, file } = answer.body as {
      activation: { id: string };
      file: { activation_token: string };
    };
    this.activations[fingerprint] = { id: activation.id, token: file.activation_token };
  }

  /** What happens to the three installations of the backup, and who comes after it. */
  private async changeInstallations(server: TestServer): Promise<void> {
    const { id, token } = this.licenses.of_installations;
    const admin = new Client(server.url, this.adminKey);
    const release = async (fingerprint: string): Promise<void> => {
      const path = `/api/v1/activations/${this.activations[fingerprint]?.id ?? ''}/release`;
      expectStatus(await new Client(server.url).post(path, { token, fingerprint }), 204);
    };
    await release('is released');
    const end = `/api/v1/licenses/${id}/activations/${this.activations['is ended']?.id ?? ''}/end`;
    expectStatus(await admin.post(end, { reason: 'stolen' }), 200);
    await this.activate(server, 'comes and goes');
    await release('comes and goes');
    await this.makeFile(server, 'stays', 400);
    await this.activate(server, 'comes later');
    await this.makeFile(server, 'bunker', 300);
  }

  private async after(server: TestServer): Promise<void> {
    const admin = new Client(server.url, this.adminKey);
    const { licenses } = this;
    const change = async (fate: Fate, what: string, body: object): Promise<string> => {
      const answer = await admin.post(`/api/v1/licenses/${licenses[fate].id}/${what}`, body);
      expectStatus(answer, 200);
      return answer.body.token as string;
    };
    await change('revoked', 'revoke', { reason: 'chargeback' });
    // What follows is in later checkpoints.
    await this.untilShipped(server);
    await change('suspended', 'suspend', { reason: 'unpaid' });
    await change('reinstated', 'reinstate', { reason: 'paid' });
    this.newest.renewed = await change('renewed', 'renew', { duration_days: 365, grace_days: 7 });
    this.newest.superseded = await change('superseded', 'reissue', {
      supersede: true,
      entitlements: { max_users: 6 },
    });
    this.newest.given_seats = await change('given_seats', 'reissue', {
      seats: { max: 9, mode: 'floating', required: false },
    });
    this.newest.freed_of_seats = await change('freed_of_seats', 'reissue', { seats: null });
    expectStatus(
      await admin.send('PUT', `/api/v1/licenses/${licenses.given_more_seats.id}/seats`, {
        max: 8,
        overage: 1,
      }),
      200,
    );
    await this.renewedByPreviousVersion(server, licenses.given_more_seats);
    expectStatus(
      await admin.patch(`/api/v1/customers/${licenses.of_a_deactivated_customer.customer_id}`, {
        is_active: false,
      }),
      200,
    );
    expectStatus(
      await admin.delete(
        `/api/v1/customers/${licenses.of_a_removed_customer.customer_id}?revoke_licenses=true`,
      ),
      204,
    );
    await this.changeInstallations(server);
    this.newCustomer = (await aCustomer(admin, { name: 'Later Ltd', email: 'later@example.com' })).id;
    const customer_id = licenses.untouched.customer_id;
    licenses.issued_later = await aLicense(admin, { ...subscription('issued_later'), customer_id });
    for (const fate of ['issued_later_to_a_new_customer', 'issued_and_revoked_later'] as const)
      licenses[fate] = await aLicense(admin, { ...subscription(fate), customer_id: this.newCustomer });
    await change('issued_and_revoked_later', 'revoke', { reason: 'mistake' });
    expectStatus(await admin.delete(`/api/v1/admin/api-keys/${this.deletedKey.id}`), 204);
    expectStatus(await admin.post(`/api/v1/admin/api-keys/${this.rotatedKey.id}/rotate`, {}), 200);
  }
}

/** The token alone says nothing of their number: an import asks for it. */
const WITHOUT_SEATS: readonly Fate[] = ['given_seats', 'issued_later'];

/** One that ends, with a note that no record has. */
function subscription(fate: Fate): Record<string, unknown> {
  return {
    license_type: 'subscription',
    duration_days: 30,
    notes: fate,
    entitlements: { fate, max_users: 5, constructor: true },
    grace_days: 14,
    ...(!WITHOUT_SEATS.includes(fate) && { seats: { max: 3, mode: 'fixed', required: false } }),
  };
}
