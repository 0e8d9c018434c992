import { type CryptoKey, generateKeyPair } from 'jose';
import { parseKeySet } from '../key-set';
import { parseToken } from '../parse';
import { parseStatusList } from '../status-lists/status-list';
import { type ActivationTokenFacts, activationClaims, malformedActivationClaim } from './activation-claims';
import { openActivation, parseActivation } from './activation-token';

const KID = 'aegis-2026-01';
const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

const CLAIMS = {
  iss: 'https://license.biz4a.com',
  jti: '5f0c9a3e-8a7b-41ee-b9d1-0242ac120002',
  sub: '0bfb0cef-a864-400f-83d4-e8c6bd41dda5',
  fp: '0f'.repeat(32),
  fence: 1770145930123,
  iat: 1770145870,
  exp: 1772737930,
  nonce: '0123456789abcdef',
  status: { status_list: { idx: 7, uri: 'https://license.example/api/v1/status-lists/9' } },
};
const FACTS: ActivationTokenFacts = {
  issuer: CLAIMS.iss,
  activationId: CLAIMS.jti,
  licenseId: CLAIMS.sub,
  fp: CLAIMS.fp,
  fence: CLAIMS.fence,
  signedAt: new Date('2026-02-03T19:12:10.999Z'),
  endsAt: new Date('2026-03-05T19:12:10.999Z'),
  nonce: CLAIMS.nonce,
  status: CLAIMS.status.status_list,
};
/** A license with every claim that an activation has, too. */
const LICENSE = {
  ...CLAIMS,
  customer: { id: 'CUST-001', name: 'Acme' },
  module: { technical_name: 'payroll', allowed_major_versions: ['17'] },
  license_type: 'subscription',
};

describe('activationClaims', () => {
  it('says what the contract has, in whole seconds, signed a minute ago', () => {
    expect(activationClaims(FACTS)).toEqual(CLAIMS);
    expect(Object.keys(activationClaims(FACTS))).toEqual(Object.keys(CLAIMS));
  });

  it('has no nonce and no place if none was given, as for a floating seat', () => {
    const { nonce: _, status: __, ...floating } = CLAIMS;
    expect(activationClaims({ ...FACTS, nonce: null, status: null })).toEqual(floating);
  });

  it('has no claim that a client asks a license for', () => {
    const asked = [
      'module',
      'customer',
      'license_type',
      'instance_fingerprint',
      'entitlements',
      'seats',
      'rev',
    ];
    expect(Object.keys(activationClaims(FACTS)).filter((name) => asked.includes(name))).toEqual([]);
  });

  it.each<[string, Partial<ActivationTokenFacts>]>([
    ['iss', { issuer: '' }],
    ['jti', { activationId: 'seat-1' }],
    ['sub', { licenseId: 'license-1' }],
    ['fp', { fp: 'machine-1' }],
    ['fp', { fp: `sha256:${CLAIMS.fp}` }],
    ['fence', { fence: 0 }],
    ['fence', { fence: 2 ** 53 }],
    ['exp', { endsAt: new Date(NaN) }],
    ['iat', { signedAt: new Date(0) }],
    ['nonce', { nonce: '' }],
    ['status', { status: { idx: 0.5, uri: 'https://license.example/1' } }],
  ])('is not made with a wrong %s: %j', (claim, change) => {
    expect(() => activationClaims({ ...FACTS, ...change })).toThrow(`the claim ${claim} of`);
  });
});

describe('malformedActivationClaim', () => {
  it.each([
    ...Object.keys(CLAIMS)
      .filter((name) => name !== 'nonce' && name !== 'status')
      .map((name): [string, unknown] => [name, undefined]),
    ...Object.keys(CLAIMS).flatMap((name) =>
      [null, true, [], {}, -1, 0.5, '', 'x'.repeat(64)]
        .filter((value) => name !== 'iss' || typeof value !== 'string')
        .map((value): [string, unknown] => [name, value]),
    ),
    ['fp', CLAIMS.fp.toUpperCase()],
    ['fp', `${CLAIMS.fp}\n`],
    ['jti', `${CLAIMS.jti}\n`],
    ['nonce', '0123456789ABCDEF'],
    ['nonce', '0123456789abcdef0'],
    ['exp', 253402300800],
    ['fence', '1770145930123'],
    ['status', { status_list: { idx: 7 } }],
  ])('names %s when it is %j', (name, value) => {
    expect(malformedActivationClaim({ ...CLAIMS, [name]: value })).toBe(name);
  });

  it('finds nothing wrong with claims of a later version', () => {
    expect(malformedActivationClaim({ ...CLAIMS, seat_group: ['a'] })).toBeNull();
  });
});

describe('an activation token', () => {
  let privateKey: CryptoKey;
  let publicKey: CryptoKey;

  beforeAll(async () => {
    ({ privateKey, publicKey } = await generateKeyPair('Ed25519', { extractable: true }));
  });

  async function sign(payload: unknown, header: object = {}): Promise<string> {
    const protectedHeader = { alg: 'EdDSA', typ: 'aegis-activation+jwt', kid: KID, ...header };
    const input = `${encode(protectedHeader)}.${encode(payload)}`;
    const signature = await crypto.subtle.sign('Ed25519', privateKey, Buffer.from(input));
    return `${input}.${Buffer.from(signature).toString('base64url')}`;
  }
  const open = (token: string): ReturnType<typeof openActivation> =>
    openActivation(token, (kid) => (kid === KID ? publicKey : undefined));

  it('is read as it was signed', async () => {
    expect(await open(await sign(CLAIMS))).toEqual(CLAIMS);
    expect(await open(await sign(CLAIMS, { typ: 'application/AEGIS-activation+JWT' }))).toEqual(CLAIMS);
  });

  it.each([
    ['a license', { typ: 'JWT' }],
    ['of no type', { typ: undefined }],
    ['a status list', { typ: 'statuslist+jwt' }],
    ['a key set', { typ: 'jwk-set+jwt' }],
    ['a checkpoint', { typ: 'aegis-checkpoint+jwt' }],
    ['critical', { crit: ['exp'] }],
    ['without kid', { kid: undefined }],
  ])('is refused as %s, though our key signed it', async (_, header) => {
    expect(await open(await sign(LICENSE, header))).toEqual({ refused: 'malformed' });
  });

  it.each(Object.keys(CLAIMS))('is refused with a wrong claim %s', async (name) => {
    expect(await open(await sign({ ...CLAIMS, [name]: null }))).toEqual({ refused: 'malformed' });
  });

  it.each(['', '.', '..', 'a.b.c', 'a.b.c.d', 'x'.repeat(8_193)])('is refused: %j', async (text) => {
    expect(await open(text)).toEqual({ refused: 'malformed' });
  });

  it('is refused with white space around it, and with a doubled claim', async () => {
    const token = await sign(CLAIMS);
    expect(await open(`${token}\n`)).toEqual({ refused: 'malformed' });
    const doubled = JSON.stringify(CLAIMS).replace('{', `{"fence":1,`);
    expect(await open(await sign(doubled))).toEqual({ refused: 'malformed' });
  });

  it('is refused by an unknown key, another key, another algorithm, or changed', async () => {
    const token = await sign(CLAIMS);
    expect(await open(await sign(CLAIMS, { kid: 'other' }))).toEqual({ refused: 'unknown_key' });
    const stranger = await generateKeyPair('Ed25519');
    expect(await openActivation(token, () => stranger.publicKey)).toEqual({ refused: 'signature_invalid' });
    for (const alg of ['none', 'HS256', 'ES256'])
      expect(await open(await sign(CLAIMS, { alg }))).toEqual({ refused: 'signature_invalid' });
    const [header, , signature] = token.split('.');
    expect(await open(`${header}.${encode({ ...CLAIMS, exp: CLAIMS.exp + 1 })}.${signature}`)).toEqual({
      refused: 'signature_invalid',
    });
  });

  it('is nothing else, and nothing else is one: even with the claims of both', async () => {
    const activation = await sign(LICENSE);
    expect(parseActivation(activation)).not.toHaveProperty('malformed');
    expect(parseToken(activation)).toEqual({ malformed: 'the header has a typ other than JWT' });
    expect(parseStatusList(activation)).toHaveProperty('malformed');
    expect(parseKeySet(activation)).toHaveProperty('malformed');
    const license = await sign(LICENSE, { typ: 'JWT' });
    expect(parseToken(license)).not.toHaveProperty('malformed');
    expect(parseActivation(license)).toEqual({
      malformed: 'the header has a typ other than aegis-activation+jwt',
    });
  });
});
