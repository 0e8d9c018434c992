import { readPrivateKey, writeKeyPair } from '@aegis/signing';
import { type Ed25519Jwk, judgeOffline, openKeySet } from '@aegis/license-token';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '../../support/requests/client';
import { CommandLine, type Ended } from '../../support/processes/command-line';
import { aLicense } from '../../support/factories';
import { Scrape } from '../../support/trail/scrape';
import { testServer, type TestServer } from '../../support/processes/server';
import { until } from '../../support/until';

// Commands warn of a key whose passphrase is stretched less.
jest.unmock('../../../libs/signing/src/keys/passphrase-iterations');

const PASSPHRASE = 'a passphrase for tests';
const ROOT_PASSPHRASE = 'another one for the root';
const PATH = '/.well-known/jwks.jwt';
const PATIENCE_MS = 200_000;

// Each command is a process of its own, and the machine may be busy.
jest.setTimeout(300_000);

describe('the signed key set', () => {
  let folder: string;
  let server: TestServer;
  let anyone: Client;
  let admin: Client;
  let aegis: CommandLine;
  let offline: CommandLine;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-key-set-'));
    server = await testServer();
    anyone = new Client(server.url);
    admin = new Client(server.url, server.adminKey);
    aegis = new CommandLine(folder, {
      ENVIRONMENT: 'test',
      DATABASE_URL: server.database.applicationUrl,
      MIGRATION_DATABASE_URL: server.database.ownerUrl,
      KEYS_DIR: server.keysDir,
      KEY_PASSPHRASE: PASSPHRASE,
      DATA_DIR: join(folder, 'data'),
    });
    // Where the root key is, there is no database and none of the server's settings.
    offline = new CommandLine(folder, {
      ENVIRONMENT: 'production',
      PUBLIC_URL: 'https://licenses.vendor.example',
      KEYS_DIR: join(folder, 'no-keys'),
      ROOT_KEY_PASSPHRASE: ROOT_PASSPHRASE,
    });
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  async function done(command: CommandLine, ...args: string[]): Promise<string> {
    const ended: Ended = await command.run('keys', ...args);
    expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
    return ended.stdout;
  }
  const status = async (): Promise<number> => (await anyone.get(PATH)).status;
  const sign = (): Promise<string> =>
    done(
      offline,
      'root',
      'sign',
      '--root-key',
      join(folder, 'root/root-key.pem'),
      '--keys',
      join(folder, 'export.json'),
      '--out',
      join(folder, 'jwks.jwt'),
    );

  it('is made offline, served at once, trusted by clients that pin the root key, and withdraws a compromised key', async () => {
    expect(await anyone.get(PATH)).toMatchObject({ status: 404, body: { code: 'key_set_not_found' } });

    const made = await done(offline, 'root', 'init', '--out', join(folder, 'root'));
    const root = JSON.parse(readFileSync(join(folder, 'root/root-key.jwk.json'), 'utf8')) as Ed25519Jwk & {
      kid: string;
    };
    expect(made).toContain(`thumbprint: ${root.kid}`);
    expect(readFileSync(join(folder, 'root/root-key.pem'), 'utf8')).toMatch(
      /^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/,
    );
    expect(statSync(join(folder, 'root/root-key.pem')).mode & 0o777).toBe(0o600);
    expect((await offline.run('keys', 'root', 'init', '--out', join(folder, 'root'))).stderr).toMatch(
      /never overwritten/,
    );

    await done(aegis, 'export', '--out', join(folder, 'export.json'));
    const signed = await sign();
    expect(signed).toContain(`signed by ${root.kid}`);
    const { keys } = (await anyone.get('/.well-known/jwks.json')).body as {
      keys: { kid: string; jkt: string }[];
    };
    expect(keys).toHaveLength(1);
    expect(signed).toMatch(new RegExp(`^${keys[0]!.kid} +trusted +${keys[0]!.jkt}$`, 'm'));
    copyFileSync(join(folder, 'jwks.jwt'), join(server.keysDir, 'jwks.jwt'));
    await until('it is served', async () => (await status()) === 200, PATIENCE_MS);
    const answer = await anyone.get(PATH);
    expect(answer.headers.get('content-type')).toMatch(/^application\/jwk-set\+jwt/);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=300, stale-if-error=86400');
    expect(answer.body).toBe(readFileSync(join(folder, 'jwks.jwt'), 'utf8').trim());
    const again = await anyone.get(PATH, { 'If-None-Match': answer.headers.get('etag')! });
    expect(again.status).toBe(304);

    const license = await aLicense(admin);
    const question = { module_name: 'payroll', odoo_version: '17', instance_fingerprint: null };
    const codeBy = async (jwt: string): Promise<string> => {
      const keySet = await openKeySet(jwt, { root, now: new Date() });
      if ('refused' in keySet) throw new Error(keySet.refused);
      const trust = { keySet, acceptedIssuers: ['https://license.biz4a.com'], now: new Date() };
      return (await judgeOffline(license.token, question, trust)).code;
    };
    expect(await codeBy(answer.body as string)).toBe('VALID');
    const current = async (): Promise<number> =>
      (await Scrape.of(server.metricsUrl)).value('aegis_signed_key_set_current');
    await until('it says what the database says', async () => (await current()) === 1, PATIENCE_MS);

    await writeKeyPair(server.keysDir, 'next', PASSPHRASE);
    await done(aegis, 'publish', 'next');
    const { key_id: kid } = (await anyone.get('/info')).body as { key_id: string };
    await until(
      'the server holds it',
      async () => {
        const listed = JSON.parse(await done(aegis, 'list', '--json')) as {
          keys: { kid: string; held_by: string[] }[];
        };
        return listed.keys.find((key) => key.kid === 'next')!.held_by.length === 1;
      },
      PATIENCE_MS,
    );
    await done(aegis, 'compromise', kid, '--activate', 'next', '--yes');
    await until('the difference is reported', async () => (await current()) === 0, PATIENCE_MS);
    expect(server.log()).toContain('the signed key set disagrees with the database');
    await done(aegis, 'export', '--out', join(folder, 'export.json'));
    expect(await sign()).toMatch(new RegExp(`^${kid} +compromised$`, 'm'));
    copyFileSync(join(folder, 'jwks.jwt'), join(server.keysDir, 'jwks.jwt'));
    await until(
      'the new one is served',
      async () => (await codeBy((await anyone.get(PATH)).body as string)) === 'KEY_COMPROMISED',
      PATIENCE_MS,
    );
  });

  it('can be signed from an export to which an editor added a byte order mark', async () => {
    const signed = await sign();
    const exported = readFileSync(join(folder, 'export.json'), 'utf8');
    writeFileSync(join(folder, 'export.json'), `\ufeff${exported}`);
    const summary = (output: string): string => output.replace(/until \S+/, '');
    expect(summary(await sign())).toBe(summary(signed));
    writeFileSync(join(folder, 'export.json'), exported);
  });

  it('is not served when the file is something else', async () => {
    const { token } = await aLicense(admin);
    for (const [text, why] of [
      [token, 'a typ other than jwk-set'],
      ['not a token', 'not three parts'],
    ] as const) {
      writeFileSync(join(server.keysDir, 'jwks.jwt'), text);
      await until(
        why,
        () =>
          Promise.resolve(
            server
              .log()
              .includes(`is not served: ${why === 'not three parts' ? why : `the header has ${why}`}`),
          ),
        PATIENCE_MS,
      );
      expect(await status()).toBe(404);
    }
    rmSync(join(server.keysDir, 'jwks.jwt'));
  });

  it('is not read from a pipe, nor beyond the greatest length of a key set', async () => {
    const path = join(server.keysDir, 'jwks.jwt');
    execFileSync('mkfifo', [path]);
    await until('a pipe', () => Promise.resolve(server.log().includes('not a regular file')), PATIENCE_MS);
    rmSync(path);
    copyFileSync(join(folder, 'jwks.jwt'), path);
    // Blanks after the key set, and gigabytes of a sparse file that are not read.
    appendFileSync(path, ' '.repeat(2 * 1024 * 1024));
    truncateSync(path, 5 * 1024 ** 3);
    await until('the start of it', async () => (await status()) === 200, PATIENCE_MS);
    rmSync(path);
    await until('it is gone', async () => (await status()) === 404, PATIENCE_MS);
  });

  it('warns of a key set that ends soon', async () => {
    await done(aegis, 'export', '--out', join(folder, 'export.json'));
    await done(
      offline,
      'root',
      'sign',
      '--root-key',
      join(folder, 'root/root-key.pem'),
      '--keys',
      join(folder, 'export.json'),
      '--out',
      join(folder, 'soon.jwt'),
      '--valid-days',
      '6',
    );
    copyFileSync(join(folder, 'soon.jwt'), join(server.keysDir, 'jwks.jwt'));
    await until(
      'the log warns',
      () => Promise.resolve(server.log().includes('the signed key set expires within 7 days')),
      PATIENCE_MS,
    );
  });

  it('is not signed by a root key in KEYS_DIR, with a wrong passphrase, or from another file', async () => {
    const inside = await aegis
      .with({ ROOT_KEY_PASSPHRASE: ROOT_PASSPHRASE })
      .run('keys', 'root', 'init', '--out', join(server.keysDir, 'root'));
    expect(inside).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('must not be in KEYS_DIR'),
    });
    expect(existsSync(join(server.keysDir, 'root/root-key.pem'))).toBe(false);
    const args = [
      'keys',
      'root',
      'sign',
      '--root-key',
      join(folder, 'root/root-key.pem'),
      '--out',
      join(folder, 'none.jwt'),
    ];
    const keys = ['--keys', join(folder, 'export.json')];
    const wrong = await offline
      .with({ ROOT_KEY_PASSPHRASE: 'not the one of the root key' })
      .run(...args, ...keys);
    expect(wrong).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/wrong: check ROOT_KEY_PASSPHRASE/),
    });
    writeFileSync(join(folder, 'no-export.json'), '{"keys":[{"kid":"x"}],"compromised":[]}');
    const none = await offline.run(...args, '--keys', join(folder, 'no-export.json'));
    expect(none).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/not a key set that can be signed/),
    });
    const weak = { kty: 'OKP', crv: 'Ed25519', x: Buffer.alloc(32).toString('base64url'), kid: 'weak' };
    writeFileSync(join(folder, 'weak.json'), JSON.stringify({ keys: [weak], compromised: [] }));
    expect(await offline.run(...args, '--keys', join(folder, 'weak.json'))).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/weak is of small order/),
    });
    expect((await offline.run(...args, ...keys, '--valid-days', '401')).exitCode).toBe(2);
    expect(existsSync(join(folder, 'none.jwt'))).toBe(false);
  });
});

describe('aegis keys rewrap', () => {
  let folder: string;
  let aegis: CommandLine;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-rewrap-'));
    mkdirSync(join(folder, 'keys'));
    aegis = new CommandLine(folder, {
      ENVIRONMENT: 'test',
      KEYS_DIR: join(folder, 'keys'),
      KEY_PASSPHRASE: PASSPHRASE,
      NEW_KEY_PASSPHRASE: 'the next passphrase for tests',
    });
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('gives each private key another passphrase, keeps mode and links, and may be run again', async () => {
    const before = await writeKeyPair(join(folder, 'keys'), 'k1', PASSPHRASE);
    await writeKeyPair(join(folder, 'elsewhere'), 'k2', PASSPHRASE);
    symlinkSync(join(folder, 'elsewhere/k2.private.pem'), join(folder, 'keys/k2.private.pem'));
    expect(await aegis.run('keys', 'rewrap', 'k1', '--json')).toEqual({
      exitCode: 0,
      stdout: '{"keys":[{"kid":"k1","rewrapped":true}],"total":1}\n',
      stderr: '',
    });
    const { stdout } = await aegis.run('keys', 'rewrap');
    expect(stdout).toMatch(/^k1 {2}had it already\nk2 {2}has the new passphrase\n2 private key/);
    for (const kid of ['k1', 'k2'])
      await expect(readPrivateKey(join(folder, 'keys'), kid, PASSPHRASE)).rejects.toThrow(/is wrong/);
    const { publicKey } = await readPrivateKey(join(folder, 'keys'), 'k1', 'the next passphrase for tests');
    expect(publicKey.equals(before)).toBe(true);
    expect(statSync(join(folder, 'keys/k1.private.pem')).mode & 0o777).toBe(0o600);
    await readPrivateKey(join(folder, 'elsewhere'), 'k2', 'the next passphrase for tests');
  });

  it('changes nothing with a wrong passphrase, without a new one, or for a key that is not there', async () => {
    await writeKeyPair(join(folder, 'keys'), 'k1', PASSPHRASE);
    const wrong = await aegis.with({ KEY_PASSPHRASE: 'a wrong passphrase' }).run('keys', 'rewrap');
    expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/k1\.private\.pem is wrong/) });
    const without = await aegis.with({ NEW_KEY_PASSPHRASE: undefined }).run('keys', 'rewrap');
    expect(without).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('NEW_KEY_PASSPHRASE_FILE'),
    });
    expect(await aegis.run('keys', 'rewrap', 'k9')).toMatchObject({ exitCode: 2 });
    await readPrivateKey(join(folder, 'keys'), 'k1', PASSPHRASE);
  });
});
