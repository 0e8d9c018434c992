import { createPublicKey, generateKeyPairSync, type JsonWebKey, verify } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeKeyPair } from '@aegis/signing';
import type { Client as SqlClient } from 'pg';
import { Client } from '../../support/requests/client';
import { CommandLine } from '../../support/processes/command-line';
import { testDatabase, type TestDatabase } from '../../support/database/database';
import { aCustomer } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { superuserOf } from '../../support/database/sql';
import { until } from '../../support/until';

// Commands warn of a key whose passphrase is stretched less.
jest.unmock('../../../libs/signing/src/keys/passphrase-iterations');

const PASSPHRASE = 'a passphrase for tests';
const PATIENCE_MS = 30_000;

jest.setTimeout(120_000);

interface Report {
  exitCode: number | null;
  findings: object[];
  sound: boolean | null;
}

/** The hour after a key leaked: one key signed the trail so far, and is compromised; another signs from then on. */
describe('the audit trail after its key was compromised', () => {
  let folder: string;
  let database: TestDatabase;
  let sql: SqlClient;
  let server: TestServer;
  let admin: Client;
  let aegis: CommandLine;
  const path = (name: string): string => join(folder, name);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-audit-keys-'));
    await writeKeyPair(path('keys'), 'k1', PASSPHRASE);
    database = await testDatabase();
    sql = await superuserOf({ database });
    server = await testServer({ database, keysDir: path('keys') });
    admin = new Client(server.url, server.adminKey);
    mkdirSync(path('work'));
    aegis = new CommandLine(path('work'), {
      ENVIRONMENT: 'test',
      DATABASE_URL: database.applicationUrl,
      MIGRATION_DATABASE_URL: database.ownerUrl,
      KEYS_DIR: path('keys'),
      KEY_PASSPHRASE: PASSPHRASE,
      DATA_DIR: path('data'),
    });
    await aCustomer(admin);
    await sealed();
    await done('audit', 'export', path('before.ndjson'));
    await done('keys', 'export', '--all', '--out', path('kept.json'));
    await writeKeyPair(path('keys'), 'k2', PASSPHRASE);
    await done('keys', 'publish', 'k2');
    await until(
      'the server holds it',
      async () => (await sql.query(`SELECT FROM signing_replicas WHERE 'k2' = ANY (kids)`)).rowCount === 1,
      PATIENCE_MS,
    );
    // What it signed up to now counts; a checkpoint says so in whole seconds.
    const { rows } = await sql.query<{ now: string }>(
      `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS now`,
    );
    await done('keys', 'compromise', 'k1', '--after', rows[0]!.now, '--activate', 'k2', '--yes');
    await sealed();
    writeFileSync(path('jwks.json'), JSON.stringify((await admin.get('/.well-known/jwks.json')).body));
    await done('keys', 'export', '--all', '--out', path('all.json'));
  });
  afterAll(async () => {
    await server.close();
    await sql.end();
    await database.drop();
    rmSync(folder, { recursive: true });
  });

  async function done(...args: string[]): Promise<string> {
    const ended = await aegis.run(...args);
    expect(ended).toMatchObject({ exitCode: 0 });
    return ended.stdout;
  }

  /** Waits until every record that there is now is sealed. */
  async function sealed(): Promise<void> {
    const { rows } = await sql.query<{ id: string }>('SELECT max(id) AS id FROM audit_logs');
    await until(
      'all is sealed',
      async () =>
        (
          await sql.query(
            `SELECT FROM audit_logs AS record WHERE id <= $1 AND NOT EXISTS (SELECT FROM audit_seals WHERE audit_id = record.id)`,
            [rows[0]!.id],
          )
        ).rowCount === 0,
      PATIENCE_MS,
    );
  }

  async function reportOf(...args: string[]): Promise<Report> {
    const { exitCode, stdout } = await aegis.run(...args, '--json');
    return { ...(JSON.parse(stdout) as Report), exitCode };
  }

  it('is sound with the key set that the server publishes, which does not have the compromised key', async () => {
    const { keys } = JSON.parse(readFileSync(path('jwks.json'), 'utf8')) as { keys: { kid: string }[] };
    expect(keys.map(({ kid }) => kid)).toEqual(['k2']);
    const verified = await reportOf('audit', 'verify', '--keys', path('jwks.json'));
    expect(verified).toMatchObject({ exitCode: 0, sound: true, findings: [] });
    expect(verified).toMatchObject({
      signed_by: [
        { kid: 'k1', held: false, from: 1 },
        { kid: 'k2', held: true },
      ],
    });
    expect(await reportOf('audit', 'verify')).toMatchObject({ exitCode: 0, sound: true });
    expect(await reportOf('audit', 'verify', '--keys', path('all.json'))).toMatchObject({
      exitCode: 0,
      sound: true,
    });
  });

  it("is sound with only today's public key, as PEM, and undecided with the key of a stranger", async () => {
    const { keys } = JSON.parse(readFileSync(path('jwks.json'), 'utf8')) as { keys: JsonWebKey[] };
    const today = createPublicKey({ key: keys[0]!, format: 'jwk' });
    writeFileSync(path('k2.pem'), today.export({ type: 'spki', format: 'pem' }));
    expect(await reportOf('audit', 'verify', '--keys', path('k2.pem'))).toMatchObject({
      exitCode: 0,
      sound: true,
      findings: [],
      signed_by: [
        { kid: 'k1', held: false, from: 1 },
        { kid: 'k2', held: true },
      ],
    });
    expect(
      await reportOf('audit', 'verify-export', path('before.ndjson'), '--keys', path('k2.pem')),
    ).toMatchObject({ exitCode: 3, sound: null, findings: [{ kind: 'key_not_held', kid: 'k1' }] });
    const { publicKey } = generateKeyPairSync('ed25519');
    writeFileSync(path('stranger.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
    expect(await reportOf('audit', 'verify', '--keys', path('stranger.pem'))).toMatchObject({
      exitCode: 3,
      sound: null,
      findings: [
        { kind: 'key_not_held', kid: 'k1' },
        { kind: 'key_not_held', kid: 'k2' },
      ],
    });
  });

  it('leaves an earlier export undecided with that key set, and proves it with the keys that were kept', async () => {
    const verifyExport = (...keys: string[]): Promise<Report> =>
      reportOf(
        'audit',
        'verify-export',
        path('before.ndjson'),
        ...keys.flatMap((key) => ['--keys', path(key)]),
      );
    expect(await verifyExport('jwks.json')).toMatchObject({
      exitCode: 3,
      sound: null,
      findings: [{ kind: 'key_not_held', kid: 'k1', checkpoint: 1 }],
    });
    expect(await verifyExport('jwks.json', 'kept.json')).toMatchObject({ exitCode: 0, sound: true });
    expect(await verifyExport('all.json')).toMatchObject({ exitCode: 0, sound: true });
    // Where nothing counts that the key signed, an export that ends with it proves nothing.
    const all = JSON.parse(readFileSync(path('all.json'), 'utf8')) as { keys: object[] };
    const withdrawn = all.keys.map((key) => ({ ...key, compromised_after: null }));
    writeFileSync(path('withdrawn.json'), JSON.stringify({ keys: withdrawn }));
    expect(await verifyExport('withdrawn.json')).toMatchObject({
      exitCode: 1,
      findings: [{ kind: 'checkpoint_compromised', kid: 'k1' }],
    });
  });

  it('has every public key in one file, with states and thumbprints, which the root key does not sign', async () => {
    const { keys } = JSON.parse(readFileSync(path('all.json'), 'utf8')) as {
      keys: Record<string, string | null>[];
    };
    expect(keys.map(({ kid, state }) => [kid, state])).toEqual([
      ['k1', 'compromised'],
      ['k2', 'active'],
    ]);
    const text = await done('keys', 'export', '--all', '--out', path('again.json'));
    for (const { kid, jkt, compromised_after } of keys) {
      expect(text).toMatch(new RegExp(`^${kid} .*${jkt}$`, 'm'));
      expect(compromised_after === null).toBe(kid === 'k2');
    }
    const signed = await aegis.run(
      ...[
        'keys',
        'root',
        'sign',
        '--root-key',
        path('none.pem'),
        '--keys',
        path('all.json'),
        '--out',
        path('jwt'),
      ],
    );
    expect(signed).toMatchObject({ exitCode: 2 });
    expect(signed.stderr).toContain('without --all');
  });

  it('proves by HTTP a record that the compromised key sealed, with the key to check it', async () => {
    const { rows } = await sql.query<{ id: string }>(
      `SELECT id FROM audit_logs WHERE event_type = 'customer.created' ORDER BY id LIMIT 1`,
    );
    const { status, body } = await admin.get(`/api/v1/admin/audit-logs/${rows[0]!.id}/proof`);
    expect(status).toBe(200);
    const key = body.key as JsonWebKey & { jkt: string };
    const { keys } = JSON.parse(readFileSync(path('all.json'), 'utf8')) as { keys: { jkt: string }[] };
    expect(key).toMatchObject({ kid: 'k1', state: 'compromised', jkt: keys[0]!.jkt });
    expect(body.key.compromised_after).toBe((keys[0] as Record<string, string>).compromised_after);
    const [header = '', payload = '', signature = ''] = (body.checkpoint.jws as string).split('.');
    const publicKey = createPublicKey({ key, format: 'jwk' });
    const input = Buffer.from(`${header}.${payload}`);
    expect(verify(null, input, publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
  });
});
