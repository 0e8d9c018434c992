import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { join } from 'node:path';
import { readFileSync, writeFileSync } from 'node:fs';
import { activationClaims, type ActivationTokenFacts, activationFingerprint } from '@aegis/license-token';
import { Client } from '../support/requests/client';
import type { CommandLine, Ended } from '../support/processes/command-line';
import { expectStatus } from '../support/contract/expect-status';
import { aLicense, type IssuedLicense } from '../support/factories';
import { Processes, type ServerProcess } from '../support/processes/server-process';
import { until } from '../support/until';

/** Debian's own: its packages are not for another Python that may come first on the path. */
const PYTHON = '/usr/bin/python3';
const VERIFIER = join(__dirname, '../support/python/v08_verifier.py');
const hasPyJwt = spawnSync(PYTHON, ['-c', 'import jwt, cryptography']).status === 0;
// Under CI a missing tool is a failure, not a reason to skip.
const describeIt = hasPyJwt || process.env.CI === 'true' ? describe : describe.skip;
const because = hasPyJwt ? '' : ' (Debian packages python3-jwt and python3-cryptography are needed)';

const V08_KID = 'aegis-2026-01';

describeIt(`an add-on of v0.8, which has one public key built in${because}`, () => {
  const processes = new Processes();
  let server: ServerProcess;
  let aegis: CommandLine;
  let admin: Client;
  let publicKeyFile: string;
  let v08Key: KeyObject;

  beforeAll(async () => {
    const folder = processes.emptyFolder();
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    v08Key = privateKey;
    const privateKeyFile = join(folder, 'v08-private.pem');
    publicKeyFile = join(folder, 'v08-public.pem');
    writeFileSync(privateKeyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    writeFileSync(publicKeyFile, publicKey.export({ type: 'spki', format: 'pem' }));
    const settings = {
      ENVIRONMENT: 'test',
      DATA_DIR: processes.emptyFolder(),
      KEYS_DIR: join(folder, 'keys'),
      KEY_PASSPHRASE: 'a passphrase for tests',
      RATE_LIMIT_ENABLED: 'false',
    };
    aegis = processes.commandLine(settings);
    await succeeds(aegis.run('keys', 'adopt-private', V08_KID, '--file', privateKeyFile));
    server = await processes.server({ ...settings, KEY_ID: V08_KID }).ready();
    const [, key = ''] = /admin API key: (\S+)/.exec(server.stdout) ?? [];
    admin = new Client(server.url, key);
  });
  afterAll(() => processes.close());

  async function succeeds(command: Promise<Ended>): Promise<void> {
    const { exitCode, stderr } = await command;
    expect([exitCode, exitCode === 0 ? '' : stderr]).toEqual([0, '']);
  }

  /** What the add-on says of each token. */
  function verdictsOf(...licenses: { token: string }[]): string[] {
    const { stdout, stderr, status } = spawnSync(PYTHON, [VERIFIER, publicKeyFile], {
      input: licenses.map(({ token }) => `${token}\n`).join(''),
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
    return stdout.trim().split('\n');
  }

  async function changed(path: string, body: object): Promise<IssuedLicense> {
    const answer = await admin.post(`/api/v1/licenses/${path}`, body);
    expectStatus(answer, 200);
    return answer.body as IssuedLicense;
  }

  const subscription = (): Promise<IssuedLicense> =>
    aLicense(admin, { license_type: 'subscription', duration_days: 30 });

  it('accepts tokens that are issued, renewed and reissued with the private key of v0.8', async () => {
    const issued = await subscription();
    const renewed = await changed(`${issued.id}/renew`, { duration_days: 30 });
    const reissued = await changed(`${issued.id}/reissue`, { supersede: true });
    const valid = `valid ${issued.id}`;
    expect(verdictsOf(issued, renewed, reissued)).toEqual([valid, valid, valid]);
  });

  it('accepts a license with entitlements and grace, and ends it at its `exp`', async () => {
    const issued = await aLicense(admin, {
      license_type: 'subscription',
      duration_days: 30,
      entitlements: { constructor: true, max_users: 5, edition: 'pro' },
      grace_days: 365,
    });
    const reissued = await changed(`${issued.id}/reissue`, { entitlements: {}, grace_days: 0 });
    expect(verdictsOf(issued, reissued)).toEqual([`valid ${issued.id}`, `valid ${issued.id}`]);
  });

  describe('of seats', () => {
    const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    function signed(typ: string, claims: object): { token: string } {
      const input = `${encode({ alg: 'EdDSA', typ, kid: V08_KID })}.${encode(claims)}`;
      return { token: `${input}.${sign(null, Buffer.from(input), v08Key).toString('base64url')}` };
    }
    const claimsOf = ({ token }: { token: string }): Record<string, unknown> =>
      JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;

    it('accepts a license that counts them, as one that does not', async () => {
      const issued = await subscription();
      const claims = claimsOf(issued);
      const counting = ['fixed', 'floating'].flatMap((mode) =>
        [true, false].map((required) => signed('JWT', { ...claims, seats: { mode, required } })),
      );
      expect(verdictsOf(...counting)).toEqual(Array(4).fill(`valid ${issued.id}`));
    });

    it('refuses activation tokens, whose type it does not look at: they have no claim that it reads', async () => {
      const issued = await subscription();
      const facts: ActivationTokenFacts = {
        issuer: String(claimsOf(issued).iss),
        activationId: '5f0c9a3e-8a7b-41ee-b9d1-0242ac120002',
        licenseId: issued.id,
        fp: await activationFingerprint(issued.id, 'machine-1'),
        fence: 1770145930123,
        signedAt: new Date(),
        endsAt: new Date(Date.now() + 86_400_000),
        nonce: '0123456789abcdef',
        status: { idx: 7, uri: 'https://license.example/api/v1/status-lists/9' },
      };
      const ofAFile = activationClaims(facts);
      const floating = activationClaims({ ...facts, nonce: null, status: null });
      expect(
        verdictsOf(
          ...[ofAFile, floating].flatMap((claims) => [
            signed('aegis-activation+jwt', claims),
            signed('JWT', claims),
          ]),
        ),
      ).toEqual(Array(4).fill('no claim module'));
    });
  });

  it('does not learn of a revocation: only the server and status lists know', async () => {
    const license = await subscription();
    await changed(`${license.id}/revoke`, { reason: 'refunded' });
    expect(verdictsOf(license)).toEqual([`valid ${license.id}`]);
    const answer = await admin.post('/api/v1/licenses/validate', {
      token: license.token,
      module_name: 'payroll',
      odoo_version: '17.0',
    });
    expect(answer.body.code).toBe('REVOKED');
  });

  it('refuses tokens of a new key until the new public key is built in', async () => {
    const before = await subscription();
    await succeeds(aegis.run('keys', 'generate', '--key-id', 'new-key'));
    await succeeds(aegis.run('keys', 'publish', 'new-key'));
    await until('the server holds the new key', async () => {
      const { exitCode } = await aegis.run('keys', 'activate', 'new-key');
      return exitCode === 0;
    });
    const after = await subscription();
    const renewed = await changed(`${before.id}/renew`, { duration_days: 30 });
    expect(verdictsOf(before, after, renewed)).toEqual([
      `valid ${before.id}`,
      'InvalidSignatureError',
      'InvalidSignatureError',
    ]);
    const { keys } = (await admin.get('/.well-known/jwks.json')).body as {
      keys: { kid: string; x: string }[];
    };
    expect(keys.map(({ kid }) => kid).sort()).toEqual([V08_KID, 'new-key']);

    const old = readFileSync(publicKeyFile);
    await succeeds(aegis.run('keys', 'activate', V08_KID));
    expect(readFileSync(publicKeyFile)).toEqual(old);
    expect(verdictsOf(await changed(`${before.id}/reissue`, {}))).toEqual([`valid ${before.id}`]);
  });
});
