import { spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { type Claims, seconds, signed } from '../support/keys/forger';
import { blocksOf } from '../support/pages';
import { Processes } from '../support/processes/server-process';

/** Debian's own: its packages are not for another Python that may come first on the path. */
const PYTHON = '/usr/bin/python3';
const hasPyJwt = spawnSync(PYTHON, ['-c', 'import jwt, cryptography']).status === 0;
// Under CI a missing tool is a failure, not a reason to skip.
const describeIt = hasPyJwt || process.env.CI === 'true' ? describe : describe.skip;
const because = hasPyJwt ? '' : ' (Debian packages python3-jwt and python3-cryptography are needed)';

const DAY_S = 86_400;
const ISSUER = 'https://licenses.acme.test';
const LICENSE = '0bfb0cef-a864-400f-83d4-e8c6bd41dda5';
const uriOf = (list: number): string => `https://licenses.acme.test/api/v1/status-lists/${list}`;

describeIt(`the programs of docs/verify-offline.md, of a license that asks for a seat${because}`, () => {
  const processes = new Processes();
  const ours = generateKeyPairSync('ed25519');
  const stranger = generateKeyPairSync('ed25519');
  let folder: string;

  beforeAll(() => {
    folder = processes.emptyFolder();
    symlinkSync(join(__dirname, '../../node_modules'), join(folder, 'node_modules'));
    const jwk = { ...ours.publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'EdDSA', use: 'sig' };
    put('jwks.json', JSON.stringify({ keys: [jwk] }));
    put('issuer.txt', ISSUER);
    put('verify.py', blocksOf('docs/verify-offline.md', 'python').join(''));
    put('verify.mjs', blocksOf('docs/verify-offline.md', 'js').join(''));
    put('status-list.jwt', list(1, 0));
  });
  afterAll(() => processes.close());

  function put(file: string, text: string): void {
    writeFileSync(join(folder, file), text);
  }

  const made = (typ: string | undefined, claims: Claims, key = ours): string =>
    signed(key.privateKey, { alg: 'EdDSA', typ, kid: 'k1' }, claims);
  /** Of one token, by itself in its list. */
  function list(number: number, status: number): string {
    const lst = deflateSync(Uint8Array.of(status)).toString('base64url');
    return made('statuslist+jwt', {
      sub: uriOf(number),
      iat: seconds(),
      exp: seconds(35 * DAY_S),
      ttl: 300,
      status_list: { bits: 2, lst },
    });
  }
  const license = (different: Claims = {}): string =>
    made('JWT', {
      jti: LICENSE,
      iss: ISSUER,
      iat: seconds(-60),
      customer: { id: 'acme', name: 'Acme' },
      module: { technical_name: 'payroll', allowed_major_versions: ['17'] },
      license_type: 'perpetual',
      seats: { mode: 'fixed', required: true },
      rev: 1,
      status: { status_list: { idx: 0, uri: uriOf(1) } },
      ...different,
    });
  const ACTIVATION = {
    iss: ISSUER,
    jti: '5f0c9a3e-8a7b-41ee-b9d1-0242ac120002',
    sub: LICENSE,
    fp: createHash('sha256').update(`${LICENSE}:machine-1`).digest('hex'),
    fence: 1770145930123,
    iat: seconds(-60),
    exp: seconds(30 * DAY_S),
    status: { status_list: { idx: 0, uri: uriOf(2) } },
  };
  const TYPE = 'aegis-activation+jwt';
  const activation = (different: Claims = {}): string => made(TYPE, { ...ACTIVATION, ...different });

  /** What the two programs say, one after the other. */
  function said(activationToken: string, status = 0, token = license()): [number | null, string][] {
    put('license.jwt', token);
    put('activation.jwt', activationToken);
    put('activation-list.jwt', list(2, status));
    return [
      [PYTHON, 'verify.py'],
      [process.execPath, 'verify.mjs'],
    ].map(([program = '', file = '']) => {
      const { status: code, stdout, stderr } = spawnSync(program, [file], { cwd: folder, encoding: 'utf8' });
      return [code, stdout + stderr];
    });
  }
  const both = (code: number, text: string): [number, string][] =>
    [text, text].map((output) => [code, expect.stringContaining(output) as string]);

  it('accept it with its activation token, and without one where it only counts seats', () => {
    expect(said(activation())).toEqual(both(0, 'licensed to Acme until forever\n'));
    expect(said(activation({ status: undefined }), 1)).toEqual(both(0, 'licensed to Acme'));
    const counting = license({ seats: { mode: 'fixed', required: false } });
    expect(said('', 0, counting)).toEqual(both(0, 'licensed to Acme'));
  });

  it.each<[string, () => string, string]>([
    ['of another license', () => activation({ sub: ACTIVATION.jti }), 'activated for another license'],
    [
      'of another installation',
      () => activation({ fp: '0f'.repeat(32) }),
      'activated for another installation',
    ],
    ['of an offline file', () => activation({ nonce: '0123456789abcdef' }), 'of an offline file'],
  ])('refuse it with the activation token %s', (_, token, why) => {
    expect(said(token())).toEqual(both(1, why));
  });

  it.each<[number]>([[1], [2], [3]])('refuse it with status %i of its activation', (status) => {
    expect(said(activation(), status)).toEqual(both(1, 'not licensed: the activation was ended'));
  });

  it.each<[string, () => string]>([
    ['that is missing', () => ''],
    ['that is the license', () => license()],
    ['of another type', () => made('JWT', ACTIVATION)],
    ['of no type', () => made(undefined, ACTIVATION)],
    ['that has expired', () => activation({ exp: seconds(-1) })],
    ['without an end', () => activation({ exp: undefined })],
    ['of another issuer', () => activation({ iss: 'https://elsewhere.test' })],
    ['signed by somebody else', () => made(TYPE, ACTIVATION, stranger)],
  ])('refuse it with an activation token %s', (_, token) => {
    expect(said(token()).map(([code]) => code)).toEqual([1, 1]);
  });

  it('refuse an activation token in place of the license', () => {
    const answers = said(
      activation(),
      0,
      activation({ module: { technical_name: 'payroll', allowed_major_versions: ['17'] } }),
    );
    expect(answers.map(([code]) => code)).toEqual([1, 1]);
  });
});
