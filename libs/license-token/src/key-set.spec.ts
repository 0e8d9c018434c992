import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import fc from 'fast-check';
import { type Ed25519Jwk, type KeySet, type KeySetTrust, openKeySet, parseKeySet } from './key-set';
import { judgeOffline, type OfflineTrust } from './offline';
import type { StatusList } from './status-lists/status-list-reader';
import type { Verdict } from './verdict';

const NOW = new Date('2026-11-25T12:00:00.000Z');
const NOW_S = NOW.getTime() / 1000;
const root = generateKeyPairSync('ed25519');
const k1 = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');

const jwkOf = (key: KeyObject): Ed25519Jwk => ({
  kty: 'OKP',
  crv: 'Ed25519',
  x: key.export({ format: 'jwk' }).x!,
});
const encoded = (part: object | string): string =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
function jws(header: object, payload: object | string, key: KeyObject = root.privateKey): string {
  const input = `${encoded(header)}.${encoded(payload)}`;
  return `${input}.${sign(null, Buffer.from(input), key).toString('base64url')}`;
}
const HEADER = { alg: 'EdDSA', typ: 'jwk-set+jwt', kid: 'root' };
const content = (): Record<string, unknown> => ({
  iat: NOW_S - 60,
  exp: NOW_S + 86_400,
  keys: [{ ...jwkOf(k1.publicKey), kid: 'k1', use: 'sig', alg: 'EdDSA', jkt: 'ignored' }],
  compromised: [
    { kid: 'k0', at: NOW_S - 3600, after: null },
    { kid: 'k-1', at: NOW_S - 3600, after: NOW_S - 7200 },
  ],
});
const trust = (different: Partial<KeySetTrust> = {}): KeySetTrust => ({
  root: jwkOf(root.publicKey),
  now: NOW,
  ...different,
});

describe('a signed key set', () => {
  it.each(['EdDSA', 'Ed25519'])('is trusted when the pinned root key signed it as %s', async (alg) => {
    expect(await openKeySet(jws({ ...HEADER, alg }, content()), trust())).toEqual(content());
  });

  it('is refused when another key signed it, or it was changed', async () => {
    const byStranger = jws(HEADER, content(), stranger.privateKey);
    expect(await openKeySet(byStranger, trust())).toEqual({ refused: 'signature_invalid' });
    const [header, , signature] = jws(HEADER, content()).split('.');
    const changed = `${header}.${encoded({ ...content(), compromised: [] })}.${signature}`;
    expect(await openKeySet(changed, trust())).toEqual({ refused: 'signature_invalid' });
    expect(await openKeySet(`${header}.${encoded(content())}.`, trust())).toEqual({
      refused: 'signature_invalid',
    });
  });

  it('is trusted up to, not including, the second at which it expires', async () => {
    const jwt = jws(HEADER, content());
    const at = (seconds: number): Promise<unknown> =>
      openKeySet(jwt, trust({ now: new Date((NOW_S + 86_400 + seconds) * 1000) }));
    expect(await at(-0.001)).toEqual(content());
    expect(await at(0)).toEqual({ refused: 'expired' });
  });

  it('is refused when a newer one was seen, because it may hide that a key was compromised', async () => {
    const jwt = jws(HEADER, content());
    expect(await openKeySet(jwt, trust({ newestSeen: NOW_S - 60 }))).toEqual(content());
    expect(await openKeySet(jwt, trust({ newestSeen: NOW_S - 59 }))).toEqual({ refused: 'outdated' });
  });

  it('is refused when the remembered time of the newest one is not a number', async () => {
    for (const newestSeen of [NaN, Number('2026-02-03T19:12:10Z')])
      expect(await openKeySet(jws(HEADER, content()), trust({ newestSeen }))).toEqual({
        refused: 'outdated',
      });
  });

  it.each<[string, object, object | string]>([
    ['a license', { ...HEADER, typ: 'JWT' }, content()],
    ['a status list', { ...HEADER, typ: 'statuslist+jwt' }, content()],
    ['a checkpoint', { ...HEADER, typ: 'aegis-checkpoint+jwt' }, content()],
    ['without typ', { alg: 'EdDSA', kid: 'root' }, content()],
    ['under another alg', { ...HEADER, alg: 'HS256' }, content()],
    ['under no alg', { ...HEADER, alg: 'none' }, content()],
    ['with crit', { ...HEADER, crit: ['exp'] }, content()],
    ['without exp', HEADER, { ...content(), exp: undefined }],
    ['with an exp before iat', HEADER, { ...content(), exp: NOW_S - 61 }],
    ['with a broken iat', HEADER, { ...content(), iat: 1.5 }],
    ['with an exp after the year 9999', HEADER, { ...content(), exp: 253402300800 }],
    ['without keys', HEADER, { ...content(), keys: undefined }],
    ['without compromised keys', HEADER, { ...content(), compromised: undefined }],
    [
      'with a key of another kind',
      HEADER,
      { ...content(), keys: [{ kty: 'EC', crv: 'P-256', x: 'a', kid: 'k1' }] },
    ],
    ['with a short key', HEADER, { ...content(), keys: [{ ...jwkOf(k1.publicKey), x: 'AAAA', kid: 'k1' }] }],
    [
      'with a private key',
      HEADER,
      { ...content(), keys: [{ ...k1.privateKey.export({ format: 'jwk' }), kid: 'k1' }] },
    ],
    [
      'with a key to encrypt',
      HEADER,
      { ...content(), keys: [{ ...jwkOf(k1.publicKey), kid: 'k1', use: 'enc' }] },
    ],
    [
      'with a key that anyone can sign for',
      HEADER,
      { ...content(), keys: [{ ...jwkOf(k1.publicKey), x: `AQ${'A'.repeat(41)}`, kid: 'k1' }] },
    ],
    ['with a key without kid', HEADER, { ...content(), keys: [jwkOf(k1.publicKey)] }],
    ['with an array for a key', HEADER, { ...content(), keys: [[]] }],
    ['with a kid twice', HEADER, { ...content(), compromised: [{ kid: 'k1', at: NOW_S, after: null }] }],
    ['with a compromise without time', HEADER, { ...content(), compromised: [{ kid: 'k0', after: null }] }],
    ['with a doubled name', HEADER, JSON.stringify(content()).replace('{', '{"iat":1,')],
    ['that is an array', HEADER, '[]'],
    ['that is too long', HEADER, { ...content(), more: 'x'.repeat(131_072) }],
  ])('is refused as malformed: %s', async (_name, header, payload) => {
    expect(await openKeySet(jws(header, payload), trust())).toEqual({ refused: 'malformed' });
    expect(parseKeySet(jws(header, payload))).toEqual({ malformed: expect.any(String) });
  });

  it.each(['', '.', '..', 'a.b.c', 'a.b.c.d', '=.=.='])('is refused as malformed: %j', async (text) => {
    expect(await openKeySet(text, trust())).toEqual({ refused: 'malformed' });
  });
});

describe('a license offline', () => {
  const LICENSE = {
    jti: '0bfb0cef-a864-400f-83d4-e8c6bd41dda5',
    iss: 'https://license.biz4a.com',
    iat: NOW_S - 120,
    exp: NOW_S + 365 * 86_400,
    customer: { id: 'C-1', name: 'Acme' },
    module: { technical_name: 'payroll', allowed_major_versions: ['17'] },
    license_type: 'subscription',
  };
  const license = (header: object = {}, claims: object = {}, key: KeyObject = k1.privateKey): string =>
    jws({ alg: 'EdDSA', typ: 'JWT', kid: 'k1', ...header }, { ...LICENSE, ...claims }, key);
  /** Judged with a key set that was opened at NOW and kept since. */
  async function judged(token: string, now: Date): Promise<Verdict> {
    const keySet = await openKeySet(jws(HEADER, content()), trust());
    if ('refused' in keySet) throw new Error(keySet.refused);
    const offline: OfflineTrust = { keySet, acceptedIssuers: [LICENSE.iss], now };
    const question = { module_name: 'payroll', odoo_version: '17.0', instance_fingerprint: null };
    return judgeOffline(token, question, offline);
  }
  const codeOf = async (token: string, now = NOW): Promise<string> => (await judged(token, now)).code;

  it.each<[string, string, string]>([
    ['VALID', 'as it was issued', license()],
    ['EXPIRED', 'after its end', license({}, { exp: NOW_S })],
    [
      'MODULE_MISMATCH',
      'for another module',
      license({}, { module: { ...LICENSE.module, technical_name: 'x' } }),
    ],
    ['ISSUER_MISMATCH', 'of another issuer', license({}, { iss: 'https://elsewhere.example' })],
    ['SIGNATURE_INVALID', 'signed by another key', license({}, {}, stranger.privateKey)],
    ['SIGNATURE_INVALID', 'under another alg', license({ alg: 'HS256' })],
    ['UNKNOWN_KEY', 'under an unknown kid', license({ kid: 'k9' })],
    ['UNKNOWN_KEY', 'signed by the root key', license({ kid: 'root' }, {}, root.privateKey)],
    ['KEY_COMPROMISED', 'of a compromised key', license({ kid: 'k0' })],
    ['SIGNATURE_INVALID', 'of a compromised key under another alg', license({ kid: 'k0', alg: 'HS256' })],
    [
      'KEY_COMPROMISED',
      'of a key compromised after a time, whatever its iat says',
      license({ kid: 'k-1' }, { iat: 1 }),
    ],
    ['MALFORMED', 'that is a key set', jws({ ...HEADER, kid: 'k1' }, content(), k1.privateKey)],
    ['MALFORMED', 'typed as a key set', license({ typ: 'jwk-set+jwt' })],
    ['MALFORMED', 'that is not a key set', 'nonsense'],
  ])('is %s %s', async (code, _name, token) => {
    expect(await codeOf(token)).toBe(code);
  });

  it('is VALID by a key set that is kept up to, not including, the second at which that expires', async () => {
    const perpetual = license({}, { exp: undefined, license_type: 'perpetual' });
    const after = (ms: number): Promise<Verdict> => judged(perpetual, new Date((NOW_S + 86_400) * 1000 + ms));
    expect(await after(-1)).toMatchObject({ valid: true, code: 'VALID' });
    for (const ms of [0, 1, 399 * 86_400_000])
      expect(await after(ms)).toMatchObject({
        valid: false,
        code: 'UNKNOWN_KEY',
        error: 'The key set of this installation has expired. Get a new one.',
        license_id: null,
        customer_name: null,
      });
    expect((await judged(perpetual, new Date(NaN))).code).toBe('UNKNOWN_KEY');
  });

  it('says that the key is unknown, not that the key set has expired, while the key set is valid', async () => {
    expect((await judged(license({ kid: 'k9' }), NOW)).error).toBe(
      'The license was signed with a key that this server never had.',
    );
  });

  it('has the same verdict with an expired key set if a newer one would change nothing', async () => {
    const later = new Date((NOW_S + 400 * 86_400) * 1000);
    expect(await codeOf('nonsense', later)).toBe('MALFORMED');
    expect(await codeOf(license({ kid: 'k0' }), later)).toBe('KEY_COMPROMISED');
    expect(await codeOf(license({}, {}, stranger.privateKey), later)).toBe('UNKNOWN_KEY');
    expect(await codeOf(license({}, { exp: NOW_S }), later)).toBe('UNKNOWN_KEY');
  });

  it('depends on key set, status list and license until each of them ends', async () => {
    const ends = fc.integer({ min: -100, max: 100 });
    await fc.assert(
      fc.asyncProperty(ends, ends, ends, fc.boolean(), async (keySetEnd, listEnd, licenseEnd, isRevoked) => {
        const place = { idx: 0, uri: 'https://licenses.example.com/api/v1/status-lists/1' };
        const keySet: KeySet = {
          iat: NOW_S - 200,
          exp: NOW_S + keySetEnd,
          keys: [{ ...jwkOf(k1.publicKey), kid: 'k1' }],
          compromised: [],
        };
        const statusList: StatusList = {
          uri: place.uri,
          issued_at: new Date((NOW_S - 200) * 1000),
          fresh_until: new Date((NOW_S + listEnd) * 1000),
          expires_at: new Date((NOW_S + listEnd) * 1000),
          bits: 2,
          statuses: Uint8Array.of(isRevoked ? 1 : 0),
        };
        const token = license({}, { exp: NOW_S + licenseEnd, status: { status_list: place } });
        const question = { module_name: 'payroll', odoo_version: '17.0', instance_fingerprint: null };
        const offline = { keySet, statusLists: [statusList], acceptedIssuers: [LICENSE.iss], now: NOW };
        const status = isRevoked ? 'REVOKED' : licenseEnd <= 0 ? 'EXPIRED' : 'VALID';
        const expected = keySetEnd <= 0 ? 'UNKNOWN_KEY' : listEnd <= 0 ? 'STATUS_LIST_STALE' : status;
        expect((await judgeOffline(token, question, offline)).code).toBe(expected);
      }),
    );
  });
});
