import { ActivationPlaces } from '@aegis/status-lists';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { Client as SqlClient } from 'pg';
import { expectStatus } from '../../../../test/support/contract/expect-status';
import { superuserOf } from '../../../../test/support/database/sql';
import { insertEndpoint } from '../../../../test/support/webhooks/endpoints';
import { until } from '../../../../test/support/until';
import { aLicense } from '../../../../test/support/factories';
import { testServer, type TestServer } from '../../../../test/support/processes/server';
import { Client } from '../../../../test/support/requests/client';
import { commandLine } from '../command-line';
import { Output } from '../terminal/output';

interface Found {
  severity: string;
  message: string;
  remedy: string;
  examples?: string[];
}

interface Answer {
  exitCode: number | null;
  healthy: boolean | null;
  problem: number;
  warning: number;
  examined: { name: string; found: Found[] }[];
}

/** The clusters of tests run without fsync. */
const OF_THE_TEST = 'fsync';

describe('aegis doctor', () => {
  let server: TestServer;
  let admin: Client;
  let sql: SqlClient;
  let folder: string;
  let settings: Record<string, string>;
  const before = { ...process.env };

  beforeAll(async () => {
    server = await testServer();
    admin = new Client(server.url, server.adminKey);
    sql = await superuserOf(server);
    folder = mkdtempSync(join(tmpdir(), 'aegis-doctor-'));
    settings = {
      ENVIRONMENT: 'test',
      DATABASE_URL: server.database.applicationUrl,
      MIGRATION_DATABASE_URL: server.database.ownerUrl,
      MIGRATE_ON_START: 'false',
      DATA_DIR: join(folder, 'data'),
      KEYS_DIR: server.keysDir,
      KEY_PASSPHRASE: 'a passphrase for tests',
    };
  });
  afterEach(() => {
    process.env = { ...before };
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await sql.end();
    await server.close();
  });

  /** Runs a command in this process, as `main.ts` does. */
  async function aegis(
    args: readonly string[],
    changed: Record<string, string>,
    json: boolean,
  ): Promise<{ exitCode: number; stdout: string }> {
    process.env = { ...before, ...settings, ...changed };
    let stdout = '';
    const stream = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        stdout += chunk.toString();
        done();
      },
    });
    return { exitCode: await commandLine(new Output(json, stream), args), stdout };
  }

  async function doctor(changed: Record<string, string> = {}): Promise<Answer> {
    const { exitCode, stdout } = await aegis(['doctor', '--json'], changed, true);
    return { ...(JSON.parse(stdout) as Omit<Answer, 'exitCode'>), exitCode };
  }

  const foundBy = ({ examined }: Answer, name: string): Found[] =>
    (examined.find((one) => one.name === name)?.found ?? []).filter(
      ({ message }) => !message.includes(OF_THE_TEST),
    );

  it('finds nothing wrong in a database in which every feature was used', async () => {
    const { id } = await aLicense(admin);
    for (const [step, body] of [
      ['suspend', { reason: 'unpaid' }],
      ['reinstate', { reason: 'paid' }],
      ['reissue', { allowed_major_versions: ['19'] }],
      ['revoke', { reason: 'refunded' }],
    ] as const)
      expectStatus(await admin.post(`/api/v1/licenses/${id}/${step}`, body), 200);
    const { id: renewed } = await aLicense(admin, {
      license_type: 'subscription',
      duration_days: 30,
      entitlements: { max_users: 5 },
      grace_days: 14,
    });
    expectStatus(await admin.post(`/api/v1/licenses/${renewed}/renew`, { duration_days: 30 }), 200);

    const { id: seated } = await aLicense(admin, { seats: { max: 3, mode: 'floating' } });
    await holdsSeat(seated);
    const path = `/api/v1/licenses/${seated}`;
    expectStatus(await admin.send('PUT', `${path}/seats`, { max: 5 }), 200);
    expectStatus(
      await admin.post(`${path}/reissue`, { seats: { max: 2, mode: 'fixed', required: false } }),
      200,
    );
    const { id: former } = await aLicense(admin, { seats: { max: 3, mode: 'floating' } });
    await holdsSeat(former);
    expectStatus(await admin.post(`/api/v1/licenses/${former}/reissue`, { seats: null }), 200);

    const answer = await doctor();
    expect(
      answer.examined.map(({ name, found }) => [
        name,
        found.filter(({ message }) => !message.includes(OF_THE_TEST)),
      ]),
    ).toEqual(
      [
        'settings',
        'migrations',
        'database',
        'database_role',
        'read_replicas',
        'restore',
        'signing_keys',
        'api_keys',
        'licenses',
        'events',
        'webhooks',
        'status_lists',
        'audit_trail',
      ].map((name) => [name, []]),
    );
    expect(answer).toMatchObject({ exitCode: 0, healthy: true, problem: 0 });

    const { exitCode, stdout } = await aegis(['doctor'], {}, false);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^ok {7}audit_trail$/m);
  });

  it('names read replicas that servers leave out, by number and reason, never by address', async () => {
    const nowhere = new URL(server.database.applicationUrl);
    nowhere.port = '1';
    const answer = await doctor({
      DATABASE_REPLICA_URLS: `${server.database.applicationUrl},${nowhere.href}`,
    });
    expect(answer).toMatchObject({ healthy: true });
    expect(foundBy(answer, 'read_replicas').map(({ severity, message }) => [severity, message])).toEqual([
      ['warning', expect.stringMatching(/^read replica 1 is left out: it is not a standby/)],
      ['warning', expect.stringMatching(/^read replica 2 is left out: it cannot be reached/)],
    ]);
    expect(JSON.stringify(answer)).not.toContain('127.0.0.1');
  });

  it('changes nothing: it works where nothing can be written, and says so', async () => {
    const name = new URL(server.database.applicationUrl).pathname.slice(1);
    await sql.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    try {
      const answer = await doctor();
      const found = answer.examined.map(({ name }) => [name, foundBy(answer, name).length]);
      expect(found.filter(([, count]) => count !== 0)).toEqual([['database', 1]]);
      expect(foundBy(answer, 'database')[0]!.message).toContain('takes no writes');
    } finally {
      await sql.query(`ALTER DATABASE ${name} RESET default_transaction_read_only`);
    }
  });

  it('names a restore that is not reconciled, and what to do, as long as it is open', async () => {
    const begun = await aegis(['restore', 'begin', '--json'], {}, true);
    expect(begun.exitCode).toBe(0);
    try {
      const answer = await doctor();
      expect(answer).toMatchObject({ exitCode: 1, healthy: false, problem: 1 });
      expect(foundBy(answer, 'restore')).toEqual([
        {
          severity: 'problem',
          message: expect.stringMatching(
            /^the database was restored and is not reconciled: .*noted on \d{4}-.* by cli:.*: aegis restore begin\)$/,
          ),
          remedy: expect.stringContaining('aegis restore reconcile'),
        },
      ]);
      const { exitCode, stdout } = await aegis(['doctor'], {}, false);
      expect(exitCode).toBe(1);
      expect(stdout).toMatch(/^problem {2}restore: the database was restored and is not reconciled/m);
    } finally {
      await sql.query('UPDATE restores SET reconciled_at = clock_timestamp()');
    }
    expect(foundBy(await doctor(), 'restore')).toEqual([]);
  });

  /** Past the triggers and keys that forbid it, as a superuser can. */
  const planted = async (statements: string, id: string): Promise<void> => {
    await sql.query('BEGIN');
    await sql.query(`SET LOCAL session_replication_role = replica`);
    for (const statement of statements.split(';'))
      await sql.query(statement, statement.includes('$1') ? [id] : []);
    await sql.query('COMMIT');
  };

  it('names deliveries of webhooks that contradict the events, or each other', async () => {
    const application = await server.database.dataSource([]);
    const webhook = await insertEndpoint(application);
    const { rows: events } = await sql.query<{ position: string }>(
      'SELECT position FROM events ORDER BY position DESC LIMIT 1',
    );
    const insert = async (sequence: number, position = events[0]!.position): Promise<string> => {
      const { rows } = await sql.query<{ id: string }>(
        `INSERT INTO webhook_deliveries (endpoint_id, sequence, position, stream, state, created_at, due_at, holds_until)
         VALUES ($1, $2, $3, gen_random_uuid(), 'pending', now(), now() + interval '1 hour', now()) RETURNING id`,
        [webhook, sequence, position],
      );
      return rows[0]!.id;
    };
    // Events of the server that runs continue where the restore has put them.
    for (const sequence of [1, 2, 1_000_000_003]) await insert(sequence);
    await sql.query(`UPDATE webhook_progress SET sequence = 1000000003 WHERE endpoint_id = $1`, [webhook]);
    expect(foundBy(await doctor(), 'webhooks')).toEqual([]);
    const found = async (): Promise<unknown> =>
      foundBy(await doctor(), 'webhooks').map(({ message, examples }) => [
        message.split(' ').slice(0, 5).join(' '),
        examples,
      ]);

    const orphan = await insert(1_000_000_004, '900000000');
    await sql.query(`UPDATE webhook_progress SET sequence = 1000000006 WHERE endpoint_id = $1`, [webhook]);
    await insert(1_000_000_006);
    expect(await found()).toEqual([
      ['1 deliveries whose event is', [orphan]],
      ['1 webhooks whose sequences have', [webhook]],
    ]);
    await sql.query('DELETE FROM webhook_deliveries WHERE sequence IN (1000000004, 1000000006)');
    await sql.query(`UPDATE webhook_progress SET sequence = 1000000002 WHERE endpoint_id = $1`, [webhook]);
    expect(await found()).toEqual([['1 webhooks whose next sequence', [webhook]]]);
    await sql.query(`UPDATE webhook_progress SET sequence = 1000000003 WHERE endpoint_id = $1`, [webhook]);
    await sql.query(
      `UPDATE webhook_endpoints SET is_active = false, disabled_reason = 'gone', disabled_at = now()`,
    );
    expect(await found()).toEqual([]);
    await sql.query(`UPDATE webhook_endpoints SET disabled_at = now() - interval '61 minutes'`);
    expect(await found()).toEqual([['3 deliveries that wait although', expect.any(Array)]]);
    await sql.query('DELETE FROM webhook_progress');
    await sql.query(`UPDATE webhook_deliveries SET state = 'delivered', ended_at = now()`);
    expect(await found()).toEqual([['1 webhooks whose next sequence', [webhook]]]);
    await sql.query('UPDATE webhook_endpoints SET deleted_at = now()');
    expect(foundBy(await doctor(), 'webhooks')).toEqual([]);
  });

  it('names changes that made no event, and records that have waited for theirs too long', async () => {
    const { id } = await aLicense(admin);
    const { rows } = await sql.query<{ id: string }>(
      `SELECT id::text AS id FROM audit_logs WHERE license_id = $1 AND event_type = 'license.issued'`,
      [id],
    );
    const record = rows[0]!.id;
    await until('the issue is an event', async () => {
      const made = await sql.query('SELECT FROM events WHERE record_id = $1', [record]);
      return made.rowCount === 1;
    });
    expect(foundBy(await doctor(), 'events')).toEqual([]);
    await sql.query('DELETE FROM events WHERE record_id = $1', [record]);
    const finding = { severity: 'problem', examples: [record] };
    expect(foundBy(await doctor(), 'events')).toEqual([
      expect.objectContaining({ ...finding, message: '1 audit records of changes that made no event' }),
    ]);
    // What no server of this version makes an event of stays in the outbox.
    await sql.query(`INSERT INTO event_outbox VALUES (0, clock_timestamp() - interval '11 minutes')`);
    await sql.query(`INSERT INTO event_outbox VALUES ($1, clock_timestamp() - interval '9 minutes')`, [
      record,
    ]);
    expect(foundBy(await doctor(), 'events')).toEqual([
      expect.objectContaining({
        severity: 'problem',
        examples: ['0'],
        message: expect.stringMatching(/^1 audit records that have waited/),
      }),
    ]);
    await sql.query('DELETE FROM event_outbox WHERE record_id = 0');
    await sql.query(
      `UPDATE event_outbox SET recorded_at = (SELECT recorded_at FROM audit_logs WHERE id = record_id)`,
    );
    await until('the event is made again', async () => {
      const made = await sql.query('SELECT FROM events WHERE record_id = $1', [record]);
      return made.rowCount === 1;
    });
    expect(foundBy(await doctor(), 'events')).toEqual([]);
  });

  it.each([
    ['another id', 'id = gen_random_uuid()'],
    ['another type', `type = 'license.revoked'`],
    ['another time', `occurred_at = occurred_at + interval '1 millisecond'`],
    ['another record', `data = data || '{"audit_log_id": "1"}'`],
    ['no record', `data = data - 'audit_log_id'`],
  ])('names events that have not what their audit records give them: %s', async (_, change) => {
    const { id } = await aLicense(admin);
    const event = `type = 'license.issued' AND license_id = $1`;
    await until('the issue is an event', async () => {
      const made = await sql.query(`SELECT FROM events WHERE ${event}`, [id]);
      return made.rowCount === 1;
    });
    const { rows } = await sql.query<{ position: string }>(`SELECT position FROM events WHERE ${event}`, [
      id,
    ]);
    const position = rows[0]!.position;
    const saved = await sql.query<Record<string, unknown>>(`SELECT * FROM events WHERE position = $1`, [
      position,
    ]);
    await sql.query(`UPDATE events SET ${change} WHERE position = $1`, [position]);
    expect(foundBy(await doctor(), 'events')).toEqual([
      expect.objectContaining({ severity: 'problem', examples: [position] }),
    ]);
    const { id: was, type, occurred_at, data } = saved.rows[0]!;
    await sql.query(`UPDATE events SET id = $2, type = $3, occurred_at = $4, data = $5 WHERE position = $1`, [
      position,
      was,
      type,
      occurred_at,
      data,
    ]);
    expect(foundBy(await doctor(), 'events')).toEqual([]);
  });

  /** Puts an activation on record as an admission does. */
  async function holdsSeat(licenseId: string): Promise<void> {
    await sql.query(
      `INSERT INTO activations (id, license_id, fp, mode, over, fence, admitted_at, last_seen_at, lease_ends_at)
       VALUES (gen_random_uuid(), $1, sha256('a'), 'floating', false, 1, clock_timestamp(), clock_timestamp(),
               clock_timestamp() + interval '1 hour')`,
      [licenseId],
    );
    await sql.query(
      `UPDATE license_seats SET open = open + 1, no_lapse_before = clock_timestamp() WHERE license_id = $1`,
      [licenseId],
    );
  }

  /** What a superuser does to a license with a seat that somebody holds, and what is said of it. */
  const PLANTED_SEATS: readonly (readonly [statement: string, message: string])[] = [
    [
      'DELETE FROM activations WHERE license_id = $1; DELETE FROM license_seats WHERE license_id = $1',
      'that are not on record',
    ],
    [
      `UPDATE license_seats SET mode = 'fixed', lease_seconds = NULL, offline_days = 3 WHERE license_id = $1`,
      'does not say the seats',
    ],
    ['UPDATE license_seats SET required = false WHERE license_id = $1', 'does not say the seats'],
    ['UPDATE license_seats SET open = 0 WHERE license_id = $1', 'is not the one that admissions count by'],
    ['UPDATE license_seats SET open = 2 WHERE license_id = $1', 'is not the one that admissions count by'],
    ['DELETE FROM activations WHERE license_id = $1', 'is not the one that admissions count by'],
    ['UPDATE license_seats SET no_lapse_before = NULL WHERE license_id = $1', 'before admissions look'],
    [
      `UPDATE license_seats SET no_lapse_before = clock_timestamp() + interval '1 day' WHERE license_id = $1`,
      'before admissions look',
    ],
    [
      'UPDATE license_seats SET counted = false WHERE license_id = $1',
      'of which an activation has not ended',
    ],
  ];

  it('names seats that contradict who holds them, or the newest token, with the ids of the licenses', async () => {
    const ids: string[] = [];
    for (const [statement] of PLANTED_SEATS) {
      const { id } = await aLicense(admin, { seats: { max: 3, mode: 'floating' } });
      await holdsSeat(id);
      ids.push(id);
      await planted(statement, id);
    }
    const found = foundBy(await doctor(), 'licenses');
    for (const [index, [, message]] of PLANTED_SEATS.entries()) {
      const named = found.filter((one) => one.message.includes(message));
      expect([message, named]).toEqual([message, [expect.objectContaining({ severity: 'problem' })]]);
      expect(named[0]!.examples).toContain(ids[index]);
    }
    for (const id of ids) {
      await planted(
        'DELETE FROM activations WHERE license_id = $1; DELETE FROM license_seats WHERE license_id = $1',
        id,
      );
      expectStatus(await admin.delete(`/api/v1/licenses/${id}/revoke`, { reason: 'to be left alone' }), 200);
    }
  });

  /** What a superuser does to a license, and what is said of it. */
  const PLANTED: readonly (readonly [statement: string, message: string])[] = [
    ['DELETE FROM license_tokens WHERE license_id = $1', 'newest token is not on record'],
    [`UPDATE licenses SET token = 'x' WHERE id = $1`, 'text is not the token on record'],
    [`UPDATE licenses SET entitlements = '{"a": 1}' WHERE id = $1`, 'their entitlements or their grace'],
    [
      `UPDATE licenses SET license_type = 'demo', expires_at = clock_timestamp() + interval '1 day', grace_days = 7
       WHERE id = $1`,
      'their entitlements or their grace',
    ],
    ['UPDATE license_tokens SET revision = 7 WHERE license_id = $1', 'later revision'],
    [
      `UPDATE licenses SET status = 'revoked', revoked_at = clock_timestamp() WHERE id = $1`,
      'without a record of who revoked',
    ],
    [
      `ALTER TABLE audit_logs DISABLE TRIGGER audit_logs_append_only;
       UPDATE audit_logs SET event_type = 'license.validated' WHERE license_id = $1;
       ALTER TABLE audit_logs ENABLE ALWAYS TRIGGER audit_logs_append_only`,
      'no audit record issued or imported',
    ],
  ];

  it('names rows that contradict each other, with their ids', async () => {
    const ids: string[] = [];
    for (const [statement] of PLANTED) {
      const { id } = await aLicense(admin);
      ids.push(id);
      await planted(statement, id);
    }
    const answer = await doctor();
    expect(answer).toMatchObject({ exitCode: 1, healthy: false });
    const found = foundBy(answer, 'licenses');
    for (const [index, [, message]] of PLANTED.entries()) {
      const named = found.filter((one) => one.message.includes(message));
      expect([message, named]).toEqual([message, [expect.objectContaining({ severity: 'problem' })]]);
      expect(named[0]!.examples).toContain(ids[index]);
    }
  });

  it('names a license whose revocation was lost', async () => {
    const { id } = await aLicense(admin);
    expectStatus(await admin.post(`/api/v1/licenses/${id}/revoke`, { reason: 'refunded' }), 200);
    await planted(
      `UPDATE licenses SET status = 'active', revoked_at = NULL, revoked_reason = NULL WHERE id = $1`,
      id,
    );
    const lost = foundBy(await doctor(), 'licenses').filter(({ message }) =>
      message.includes('a lost revocation'),
    );
    expect(lost).toEqual([expect.objectContaining({ severity: 'problem', examples: [id] })]);
    await planted(`UPDATE licenses SET status = 'revoked', revoked_at = clock_timestamp() WHERE id = $1`, id);
  });

  it('names a sequence that would give the place of a token a second time', async () => {
    const { rows } = await sql.query<{ last_value: string }>(
      'SELECT last_value FROM license_tokens_status_number_seq',
    );
    await aLicense(admin);
    await sql.query(`SELECT setval('license_tokens_status_number_seq', $1)`, [rows[0]!.last_value]);
    expect(foundBy(await doctor(), 'status_lists')).toEqual([
      expect.objectContaining({ severity: 'problem' }),
    ]);
    await sql.query(`SELECT setval('license_tokens_status_number_seq', $1)`, [
      Number(rows[0]!.last_value) + 1,
    ]);
    expect(foundBy(await doctor(), 'status_lists')).toEqual([]);
  });

  it('names a sequence that would give the place of an activation a second time', async () => {
    const { id } = await aLicense(admin);
    await sql.query(
      `INSERT INTO license_seats (license_id, mode, required, max, offline_days, overage, take_over)
       VALUES ($1, 'fixed', true, 5, 30, 0, false)`,
      [id],
    );
    const app = await server.database.dataSource([]);
    await app.transaction(async (tx) => {
      const [place] = await new ActivationPlaces().take(tx, 1);
      await tx.query(
        `INSERT INTO activations (id, license_id, fp, mode, over, fence, admitted_at, last_seen_at, status_list, status_index)
         VALUES (gen_random_uuid(), $1, sha256('it'), 'fixed', false, 1, now(), now(), $2, $3)`,
        [id, place!.list, place!.index],
      );
    });
    expect(foundBy(await doctor(), 'status_lists')).toEqual([]);
    await sql.query('ALTER SEQUENCE activations_status_number_seq RESTART');
    expect(foundBy(await doctor(), 'status_lists')).toEqual([
      expect.objectContaining({ severity: 'problem', examples: [id] }),
    ]);
    await sql.query('DELETE FROM activations');
    await sql.query('DELETE FROM license_seats');
  });

  it('names what is wrong with keys: no passphrase that fits, none active, no admin', async () => {
    const wrong = await doctor({ KEY_PASSPHRASE: 'another passphrase for tests' });
    expect(foundBy(wrong, 'signing_keys')).toEqual([
      expect.objectContaining({
        severity: 'warning',
        message: expect.stringContaining(`can't be opened`) as string,
      }),
    ]);
    expect(JSON.stringify(wrong)).not.toContain('another passphrase');

    const { key_id: kid } = (await admin.get('/info')).body as { key_id: string };
    const elsewhere = { KEYS_DIR: join(folder, 'keys') };
    expect((await aegis(['keys', 'generate', '--key-id', kid], elsewhere, false)).exitCode).toBe(0);
    expect(foundBy(await doctor(elsewhere), 'signing_keys')).toEqual([
      expect.objectContaining({
        severity: 'problem',
        message: expect.stringContaining('is not the one on record') as string,
      }),
    ]);

    await sql.query('SET session_replication_role = replica');
    await sql.query(
      `INSERT INTO signing_keys (kid, alg, public_key, state) VALUES ('weak', 'EdDSA', $1, 'retired')`,
      ['A'.repeat(43)],
    );
    await sql.query('SET session_replication_role = origin');
    expect(foundBy(await doctor(), 'signing_keys')).toEqual([
      expect.objectContaining({
        severity: 'problem',
        message: expect.stringContaining('weak on record is of small order') as string,
      }),
    ]);
    await sql.query(
      `UPDATE signing_keys SET state = 'compromised', compromised_at = clock_timestamp() WHERE kid = 'weak'`,
    );
    expect(foundBy(await doctor(), 'signing_keys')).toEqual([]);
    await sql.query(`DELETE FROM signing_keys WHERE kid = 'weak'`);

    await sql.query(
      `UPDATE api_keys SET expires_at = clock_timestamp() + interval '1 day' WHERE 'admin' = ANY(scopes)`,
    );
    expect(foundBy(await doctor(), 'api_keys')).toEqual([expect.objectContaining({ severity: 'warning' })]);
    await sql.query(`UPDATE api_keys SET is_active = false`);
    expect(foundBy(await doctor(), 'api_keys')).toEqual([expect.objectContaining({ severity: 'problem' })]);
    await sql.query(`UPDATE api_keys SET is_active = true, expires_at = NULL`);
  });

  it('names an edited record, as audit verify does', async () => {
    await until('every record is sealed', async () => {
      const { rows } = await sql.query<{ waiting: number }>(
        'SELECT count(*)::int AS waiting FROM audit_logs WHERE id NOT IN (SELECT audit_id FROM audit_seals)',
      );
      return rows[0]!.waiting === 0;
    });
    await sql.query('SET session_replication_role = replica');
    await sql.query('ALTER TABLE audit_logs DISABLE TRIGGER ALL');
    await sql.query(
      `UPDATE audit_logs SET request_id = 'changed' WHERE id = (SELECT max(id) FROM audit_logs)`,
    );
    expect(foundBy(await doctor(), 'audit_trail')).toEqual([
      expect.objectContaining({
        severity: 'problem',
        message: expect.stringContaining('1 × record_edited') as string,
      }),
    ]);
  });

  it('checks nothing when a setting is wrong or the database cannot be reached', async () => {
    await expect(doctor({ DB_POOL_SIZE: 'many' })).rejects.toThrow('DB_POOL_SIZE');
    const nowhere = 'postgres://nobody@127.0.0.1:1/none';
    await expect(doctor({ DATABASE_URL: nowhere, MIGRATION_DATABASE_URL: nowhere })).rejects.toThrow(
      'ECONNREFUSED',
    );
  });
});
