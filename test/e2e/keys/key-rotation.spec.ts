import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { writeKeyPair } from '@aegis/signing';
import type { Client as SqlClient } from 'pg';
import { Client } from '../../support/requests/client';
import { CommandLine, type Ended } from '../../support/processes/command-line';
import { testDatabase, type TestDatabase } from '../../support/database/database';
import { aCustomer, aLicense, type IssuedLicense, verdictOf } from '../../support/factories';
import { expectStatus } from '../../support/contract/expect-status';
import { Scrape } from '../../support/trail/scrape';
import { testServer, type TestServer } from '../../support/processes/server';
import { superuserOf } from '../../support/database/sql';
import { until } from '../../support/until';

// Commands warn of a key whose passphrase is stretched less.
jest.unmock('../../../libs/signing/src/keys/passphrase-iterations');

const PASSPHRASE = 'a passphrase for tests';
const RATE = 300;
const MOST_AT_ONCE = 60;
const PATIENCE_MS = 200_000;
/** A machine that is busy with other tests must not look like an unreachable database. */
const PATIENT = {
  DB_ACQUIRE_TIMEOUT_MS: '30000',
  DB_CONNECT_TIMEOUT_MS: '30000',
  DB_LOCK_TIMEOUT_MS: '30000',
  DB_STATEMENT_TIMEOUT_MS: '30000',
  DB_IDLE_TX_TIMEOUT_MS: '30000',
};

jest.setTimeout(300_000);

describe('signing keys of two servers on one database', () => {
  let folder: string;
  let database: TestDatabase;
  let sql: SqlClient;
  let keysDirs: [string, string];
  let servers: TestServer[];
  let admin: Client;
  let other: Client;
  let aegis: CommandLine;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-rotation-'));
    keysDirs = [join(folder, 'keys-1'), join(folder, 'keys-2')];
    await writeKeyPair(keysDirs[0], 'k1', PASSPHRASE);
    cpSync(keysDirs[0], keysDirs[1], { recursive: true });
    database = await testDatabase();
    sql = await superuserOf({ database });
    const first = await testServer({ database, keysDir: keysDirs[0], variables: PATIENT });
    servers = [first, await testServer({ database, keysDir: keysDirs[1], variables: PATIENT })];
    admin = new Client(first.url, first.adminKey);
    other = new Client(servers[1]!.url, first.adminKey);
    mkdirSync(join(folder, 'work'));
    aegis = new CommandLine(join(folder, 'work'), {
      ENVIRONMENT: 'test',
      DATABASE_URL: database.applicationUrl,
      MIGRATION_DATABASE_URL: database.ownerUrl,
      KEYS_DIR: keysDirs[0],
      KEY_PASSPHRASE: PASSPHRASE,
      DATA_DIR: join(folder, 'data'),
    });
  });
  afterEach(async () => {
    for (const server of servers) await server.close();
    await sql.end();
    await database.drop();
    rmSync(folder, { recursive: true });
  });

  const keys = (...args: string[]): Promise<Ended> => aegis.run('keys', ...args);
  async function done(...args: string[]): Promise<string> {
    const ended = await keys(...args);
    expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
    return ended.stdout;
  }
  async function refused(...args: string[]): Promise<string> {
    const before = await recorded();
    const ended = await keys(...args);
    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    expect(await recorded()).toEqual(before);
    return ended.stderr;
  }
  async function recorded(): Promise<unknown> {
    const states = await sql.query('SELECT kid, state, compromised_after FROM signing_keys ORDER BY kid');
    const events = await sql.query(
      `SELECT event_type, event_data->>'kid' AS kid FROM audit_logs WHERE event_type LIKE 'signing_key.%' ORDER BY id`,
    );
    return [states.rows, events.rows];
  }
  const events = async (): Promise<string[]> =>
    (
      await sql.query<{ event: string }>(
        `SELECT concat_ws(' ', event_type, event_data->>'kid', actor) AS event FROM audit_logs
         WHERE event_type LIKE 'signing_key.%' ORDER BY id`,
      )
    ).rows.map(({ event }) => event.replace(/ cli:.*/, ' cli'));
  const states = async (): Promise<Record<string, string>> =>
    Object.fromEntries(
      (await sql.query<{ kid: string; state: string }>('SELECT kid, state FROM signing_keys')).rows.map(
        ({ kid, state }) => [kid, state],
      ),
    );
  const heldBy = async (kid: string): Promise<number> =>
    (await sql.query('SELECT FROM signing_replicas WHERE $1 = ANY (kids)', [kid])).rowCount!;
  const untilHeld = (kid: string, replicas = 2): Promise<void> =>
    until(`${replicas} servers hold ${kid}`, async () => (await heldBy(kid)) === replicas, PATIENCE_MS);

  /** Puts a new key into the folders of both servers, or of one. */
  async function give(kid: string, ...folders: string[]): Promise<void> {
    const fresh = join(folder, `fresh-${kid}`);
    await writeKeyPair(fresh, kid, PASSPHRASE);
    for (const keysDir of folders.length > 0 ? folders : keysDirs)
      cpSync(fresh, keysDir, { recursive: true });
  }
  async function given(kid: string): Promise<void> {
    await give(kid);
    await done('publish', kid);
    await untilHeld(kid);
  }
  const kidOf = (token: string): string =>
    (JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as { kid: string }).kid;
  const codeOf = (client: Client, { token, module_name }: IssuedLicense): Promise<string> =>
    verdictOf(client, token, { module_name });
  const keyInUse = async (client: Client): Promise<string | null> =>
    ((await client.get('/info')).body as { key_id: string | null }).key_id;
  const untilInUse = (kid: string | null): Promise<void> =>
    until(`both servers sign with ${kid}`, async () => {
      return (await keyInUse(admin)) === kid && (await keyInUse(other)) === kid;
    });

  it('change under 300 requests per second, without an error, and without a token of the retired key', async () => {
    const customer_id = (await aCustomer(admin)).id;
    const old = await Promise.all(Array.from({ length: 20 }, () => aLicense(admin, { customer_id })));
    const failures: string[] = [];
    const issued: IssuedLicense[] = [...old];
    const pending = new Set<Promise<void>>();
    let sent = 0;
    const send = async (index: number): Promise<void> => {
      const client = index % 2 === 0 ? admin : other;
      const license = issued[index % issued.length]!;
      try {
        if (index % 3 === 0) issued.push(await aLicense(client, { customer_id }));
        else if (index % 30 === 1) {
          const answer = await client.post(`/api/v1/licenses/${license.id}/reissue`, {});
          expectStatus(answer, 200);
          issued.push(answer.body as IssuedLicense);
        } else {
          const code = await codeOf(client, license);
          if (code !== 'VALID') failures.push(code);
        }
      } catch (error) {
        failures.push(String(error));
      }
    };
    let rotating = true;
    const load = async (): Promise<void> => {
      const begun = performance.now();
      while (rotating) {
        // As many as are due by now, and no more at once than a slow machine can answer.
        while (sent < ((performance.now() - begun) / 1000) * RATE && pending.size < MOST_AT_ONCE) {
          const one = send(sent++).finally(() => pending.delete(one));
          pending.add(one);
        }
        await pause(5);
      }
    };
    const loading = load();
    for (const kid of ['k2', 'k3']) {
      await given(kid);
      await done('activate', kid);
      await untilInUse(kid);
    }
    rotating = false;
    await loading;
    await Promise.all(pending);

    expect(failures).toEqual([]);
    expect(sent).toBeGreaterThan(RATE);
    expect(await states()).toEqual({ k1: 'retired', k2: 'retired', k3: 'active' });
    expect(new Set(issued.map(({ token }) => kidOf(token)))).toEqual(new Set(['k1', 'k2', 'k3']));
    // Activation is over when its transaction ends, after the times in it: what came on record later has the new key.
    const { rows } = await sql.query(
      `SELECT t.key_id, t.recorded_at, k.retired_at FROM license_tokens t JOIN signing_keys k ON k.kid = t.key_id
       WHERE t.recorded_at > k.retired_at`,
    );
    expect(rows).toEqual([]);
    const verdicts = await Promise.all(
      issued.map((license, index) => codeOf(index % 2 ? admin : other, license)),
    );
    expect(verdicts.filter((code) => code !== 'VALID')).toEqual([]);
  });

  it('follow each change at once, with its audit record, and publish pending keys', async () => {
    await given('k2');
    const jwks = await new Client(servers[1]!.url).get('/.well-known/jwks.json');
    expect((jwks.body as { keys: { kid: string }[] }).keys.map(({ kid }) => kid)).toEqual(['k1', 'k2']);
    expect(jwks.headers.get('cache-control')).toBe('public, max-age=300, stale-if-error=86400');
    await done('activate', 'k2');
    await untilInUse('k2');
    expect(kidOf((await aLicense(other)).token)).toBe('k2');
    expect(await done('activate', 'k2')).toContain('active already');
    await give('k3');
    await done('publish', 'k3');
    await done('retire', 'k3');
    await done('activate', 'k1');
    await untilInUse('k1');
    expect(await events()).toEqual([
      'signing_key.activated k1 system',
      'signing_key.published k2 cli',
      'signing_key.retired k1 cli',
      'signing_key.activated k2 cli',
      'signing_key.published k3 cli',
      'signing_key.retired k3 cli',
      'signing_key.retired k2 cli',
      'signing_key.activated k1 cli',
    ]);
    const listed = JSON.parse(await done('list', '--json')) as { keys: Record<string, unknown>[] };
    expect(listed.keys.map(({ kid, state }) => [kid, state])).toEqual([
      ['k1', 'active'],
      ['k2', 'retired'],
      ['k3', 'retired'],
    ]);
    expect(listed.keys[0]!.held_by).toHaveLength(2);
    const inspected = await done('inspect', 'k2');
    expect(inspected).toMatch(/state: +retired/);
    expect(inspected).toMatch(/thumbprint: +[\w-]{43}$/m);
    expect(await keys('inspect', 'k9')).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(
        /k9 is on record; there are k1 \(active\), k2 \(retired\), k3 \(retired\)/,
      ),
    });
    // Clients have learnt of it meanwhile.
    await sql.query(
      "UPDATE signing_keys SET created_at = created_at - interval '301 seconds' WHERE kid = 'k2'",
    );
    expect(await done('activate', 'k2')).not.toContain('may not know it');
  });

  it('are not activated while a live server lacks the private key, unless by force', async () => {
    await give('k2', keysDirs[0]);
    await done('publish', 'k2');
    await untilHeld('k2', 1);
    expect(await refused('activate', 'k2')).toMatch(/can't sign with k2 yet: \S+:\d+\b/);
    const known = /No signing key k9 is on record; there are k1 \(active\), k2 \(pending\)\. .*publish k9/;
    expect(await refused('activate', 'k9')).toMatch(known);
    expect(await refused('retire', 'k9')).toMatch(known);
    expect(await refused('compromise', 'k9', '--yes')).toMatch(known);
    expect(await refused('compromise', 'k1', '--yes', '--activate', 'k9')).toMatch(known);

    const activated = await done('activate', 'k2', '--force');
    expect(activated).toMatch(/Skipped: \S+:\d+ can't sign with it/);
    expect(activated).toMatch(/published less than 300 s ago: .* may not know it for another [0-9]+ s/);
    await untilInUse('k2');
    const old = await aLicense(admin);
    const answer = await other.post('/api/v1/licenses', {
      customer_id: old.customer_id,
      module_name: 'payroll',
      allowed_major_versions: ['17'],
      license_type: 'perpetual',
    });
    expect(answer).toMatchObject({ status: 503, body: { code: 'service_unavailable' } });
    expect(answer.headers.get('retry-after')).toBe('5');
    const health = await new Client(servers[1]!.url).get('/health');
    expect(health).toMatchObject({
      status: 200,
      body: { status: 'degraded', signing: 'degraded', database: 'healthy' },
    });
    expect((await new Client(servers[1]!.url).get('/health/ready')).status).toBe(200);
    expect(await codeOf(other, old)).toBe('VALID');
    expect((await Scrape.of(servers[1]!.metricsUrl)).value('aegis_signing_ready')).toBe(0);
    expect(servers[1]!.log()).toContain('nothing can be signed here');

    cpSync(join(folder, 'fresh-k2'), keysDirs[1], { recursive: true });
    await untilHeld('k2');
    await until('the second server signs', async () => {
      return (await Scrape.of(servers[1]!.metricsUrl)).value('aegis_signing_ready') === 1;
    });
    expect(kidOf((await aLicense(other)).token)).toBe('k2');
  });

  it('cannot be activated with a wrong passphrase or a missing file, and do not wait for an ended server', async () => {
    const wrong = join(folder, 'wrong');
    await writeKeyPair(wrong, 'k2', 'another passphrase for tests');
    cpSync(wrong, keysDirs[0], { recursive: true });
    cpSync(wrong, keysDirs[1], { recursive: true });
    await done('publish', 'k2');
    await until('the log shows it', () =>
      Promise.resolve(servers.every((one) => one.log().includes("k2 can't be opened here"))),
    );
    expect(await refused('activate', 'k2')).toMatch(/can't sign with k2 yet: \S+, \S+\./);
    await give('k3', keysDirs[0]);
    await done('publish', 'k3');
    await untilHeld('k3', 1);
    await servers.pop()!.close();
    await sql.query(
      `INSERT INTO signing_replicas (id, name, kids, seen_at)
       VALUES (gen_random_uuid(), 'dead:1', '{}', clock_timestamp() - interval '16 seconds')`,
    );
    await done('activate', 'k3');
    expect(await states()).toEqual({ k1: 'retired', k2: 'pending', k3: 'active' });
  });

  it('are compromised completely, or only for what was recorded after a time', async () => {
    const early = await aLicense(admin);
    const [row] = (await sql.query<{ now: Date }>(`SELECT clock_timestamp() AS now`)).rows;
    const late = await aLicense(admin);
    await given('k2');
    expect(await refused('compromise', 'k1', '--yes')).toMatch(/k1 is active: name its successor/);
    expect(await refused('compromise', 'k1', '--yes', '--activate', 'k1')).toMatch(/succeed itself/);
    expect(
      await refused('compromise', 'k1', '--yes', '--after', '2999-01-01T00:00:00Z', '--activate', 'k2'),
    ).toMatch(/future/);
    await done('compromise', 'k1', '--yes', '--after', row!.now.toISOString(), '--activate', 'k2');
    await untilInUse('k2');
    expect(await codeOf(other, early)).toBe('VALID');
    expect(await codeOf(other, late)).toBe('KEY_COMPROMISED');
    expect(kidOf((await aLicense(other)).token)).toBe('k2');

    expect(await refused('activate', 'k1')).toMatch(/permanently compromised/);
    expect(await refused('retire', 'k1')).toMatch(/permanently compromised/);
    expect(await refused('publish', 'k1')).toMatch(/compromised/);
    await expect(
      sql.query(
        `UPDATE signing_keys SET state = 'retired', compromised_at = NULL, compromised_after = NULL WHERE kid = 'k1'`,
      ),
    ).rejects.toThrow(/signing key k1 is compromised/);
    await done('compromise', 'k1', '--yes');
    expect(await codeOf(admin, early)).toBe('KEY_COMPROMISED');
    expect(await refused('compromise', 'k1', '--yes', '--after', row!.now.toISOString())).toMatch(
      /never restored/,
    );
    expect((await events()).slice(-4)).toEqual([
      'signing_key.published k2 cli',
      'signing_key.compromised k1 cli',
      'signing_key.activated k2 cli',
      'signing_key.compromised k1 cli',
    ]);
    const jwks = (await admin.get('/.well-known/jwks.json')).body as { keys: { kid: string }[] };
    expect(jwks.keys.map(({ kid }) => kid)).toEqual(['k2']);
  });

  it('are compromised without a successor by force: nothing is issued until one is activated, and a restarted server serves', async () => {
    const old = await aLicense(admin);
    await given('k2');
    await done('compromise', 'k1', '--yes', '--force');
    await untilInUse(null);
    const input = {
      customer_id: old.customer_id,
      module_name: 'm',
      allowed_major_versions: ['17'],
      license_type: 'perpetual',
    };
    for (const client of [admin, other]) {
      const answer = await client.post('/api/v1/licenses', input);
      expect(answer).toMatchObject({ status: 503, body: { code: 'service_unavailable' } });
      expect(answer.headers.get('retry-after')).toBe('5');
      expect(await codeOf(client, old)).toBe('KEY_COMPROMISED');
    }
    const third = await testServer({ database, keysDir: keysDirs[0], variables: { KEY_ID: 'k1' } });
    servers.push(third);
    expect(await codeOf(new Client(third.url), old)).toBe('KEY_COMPROMISED');
    await untilHeld('k2', 3);
    await done('activate', 'k2');
    await untilInUse('k2');
    expect(kidOf((await aLicense(other)).token)).toBe('k2');
  });

  it('are followed even if the connection for notifications was cut', async () => {
    await given('k2');
    const live = async (): Promise<number> =>
      (await Scrape.of(servers[0]!.metricsUrl)).value('aegis_signing_keys_notified');
    await until('notifications are live', async () => (await live()) === 1);
    const cut = await sql.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'aegis listener'`,
    );
    expect(cut.rowCount).toBe(2);
    await done('activate', 'k2');
    // Anyone who asks now gets the new key, whether or not the server was notified.
    expect(kidOf((await aLicense(other)).token)).toBe('k2');
    expect(kidOf((await aLicense(admin)).token)).toBe('k2');
    await until('notifications are live again', async () => (await live()) === 1, PATIENCE_MS);
    expect(servers[0]!.log()).toContain('notifications about signing keys are not available at the moment');
    await done('activate', 'k1');
    expect(kidOf((await aLicense(other)).token)).toBe('k1');
  });

  it('do not wait long for a writer that stalls, and do not block others', async () => {
    await given('k2');
    const customer_id = (await aCustomer(admin)).id;
    await sql.query('BEGIN');
    await sql.query(`SELECT signing_keys_require_active('{k1}')`);
    const activating = keys('activate', 'k2');
    await until('the activation waits', async () => {
      const { rowCount } = await waitingAlone();
      return rowCount === 1;
    });
    for (let index = 0; index < 5; index += 1)
      expect(kidOf((await aLicense(admin, { customer_id })).token)).toBe('k1');
    await sql.query('COMMIT');
    expect(await activating).toMatchObject({ exitCode: 0 });
    expect(kidOf((await aLicense(admin, { customer_id })).token)).toBe('k2');
  });

  const waitingAlone = (): Promise<{ rowCount: number | null }> =>
    sql.query(`SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND mode = 'ExclusiveLock'`);
});
