import {
  entitlementOf,
  type ClockState,
  type LicenseVerdict,
  UnsupportedError,
  verifyLicense,
} from './index';
import type { GuardStorage } from './guard-storage';
import {
  activation,
  ACTIVATION_ID,
  aKey,
  DAY,
  FINGERPRINT,
  ISSUER,
  jwkOf,
  jws,
  k1,
  k2,
  keySet,
  license,
  LICENSE_ID,
  listOf,
  NONCE,
  NOW,
  options,
  pemOf,
  root,
} from './vendor.fixture';
import type { VerifyOptions } from './verify-license';

const stranger = aKey('stranger');

async function codeOf(token: unknown, different: Partial<VerifyOptions> = {}): Promise<string> {
  return (await verifyLicense(token, options(different))).code;
}
const said = ({ code, revocation }: LicenseVerdict): string => `${code} ${revocation}`;

/** A storage in memory. */
function aStorage(kept: unknown): GuardStorage & { kept: unknown; saves: number } {
  return {
    kept,
    saves: 0,
    load() {
      return this.kept;
    },
    save(state: ClockState) {
      this.kept = state;
      this.saves += 1;
    },
  };
}

describe('verifyLicense', () => {
  it('answers with the fields of the server, as JSON has them', async () => {
    const token = license({ entitlements: { users: 5 }, seats: { mode: 'fixed', required: true } });
    const verdict = await verifyLicense(
      token,
      options({
        statusList: listOf(1, 0),
        activation: { token: await activation(), fingerprint: FINGERPRINT },
        guard: aStorage({ trusted_at: 0, seen_at: NOW }),
      }),
    );
    expect(verdict).toEqual({
      valid: true,
      code: 'VALID',
      error: null,
      warnings: [],
      license_id: LICENSE_ID,
      license_type: 'subscription',
      customer_name: 'Acme',
      expires_at: new Date((NOW + 100 * DAY) * 1000).toISOString(),
      entitlements: { users: 5 },
      activation: {
        id: ACTIVATION_ID,
        lease_ends_at: new Date((NOW + 30 * DAY) * 1000).toISOString(),
        over: false,
      },
      checked_at: '2026-02-03T19:12:10.000Z',
      revocation: 'fresh',
      clock: 'ok',
    });
    expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
    expect(entitlementOf(verdict, 'users')).toBe(5);
  });

  it('judges by the local clock where no time is given', async () => {
    const now = Math.floor(Date.now() / 1000);
    const token = license({ exp: now + DAY, iat: now - DAY });
    const { code, checked_at } = await verifyLicense(token, options({ now: undefined }));
    expect(code).toBe('VALID');
    expect(Date.parse(checked_at)).toBeGreaterThanOrEqual(now * 1000);
    expect(await codeOf(license({ exp: now }), { now: undefined })).toBe('EXPIRED');
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a number', 5],
    ['an object', { token: license() }],
    ['a list', [license()]],
    ['a function', () => license()],
    ['a symbol', Symbol('token')],
    ['a big number', 5n],
    ['bytes', new TextEncoder().encode(license())],
    ['a String object', new String(license())],
    [
      'an object that throws',
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('read');
          },
        },
      ),
    ],
    ['no text', ''],
    ['blanks', ' \n'],
    ['a lone surrogate', '\ud800'],
    ['two parts', 'e30.e30'],
    ['empty parts', '..'],
    ['10 MB of text', 'x'.repeat(10_000_000)],
    ['10 MB of blanks around a license', ' '.repeat(10_000_000) + license()],
    ['10 MB of dots', '.'.repeat(10_000_000)],
    ['a token of 8,193 characters', license({ more: 'x'.repeat(6_000) })],
    ['an activation', jws({ typ: 'aegis-activation+jwt' }, {})],
    ['a status list', listOf(1, 0)],
  ])('takes %s for MALFORMED', async (_, token) => {
    expect(await verifyLicense(token, options())).toMatchObject({
      valid: false,
      code: 'MALFORMED',
      license_id: null,
      expires_at: null,
      entitlements: {},
      activation: null,
      revocation: 'none',
      clock: 'unknown',
    });
  });

  it('ignores white space around a token, and takes every other text as it is', async () => {
    const around = (text: string): string => `\n  ${text}\r\n\u00a0`;
    const seated = license({ seats: { mode: 'fixed', required: true } });
    const shown = { token: await activation(), fingerprint: FINGERPRINT };
    const judged = (different: Partial<VerifyOptions>): Promise<string> =>
      codeOf(around(seated), { activation: shown, ...different });
    expect(await judged({ statusList: listOf(1, 0) })).toBe('VALID');
    expect(await judged({ statusList: around(listOf(1, 0)) })).toBe('STATUS_LIST_INVALID');
    expect(await judged({ activation: { ...shown, token: around(shown.token) } })).toBe('ACTIVATION_INVALID');
    expect(await judged({ keys: { keySet: around(keySet()), root: jwkOf(root) } })).toBe('UNKNOWN_KEY');
  });

  it.each<[string, string, () => string, Partial<VerifyOptions>?]>([
    ['VALID', 'as it is', () => license()],
    ['VALID', 'of one of several issuers', () => license(), { issuer: ['other', ISSUER] }],
    ['VALID', 'for a version of the same number', () => license(), { version: 'saas~18.2' }],
    ['UNKNOWN_KEY', 'of an unknown key', () => license({}, stranger)],
    [
      'SIGNATURE_INVALID',
      'of another key',
      () => jws({ typ: 'JWT', kid: 'k1' }, claimsOf(license()), stranger),
    ],
    ['SIGNATURE_INVALID', 'of another alg', () => jws({ typ: 'JWT', alg: 'HS256' }, claimsOf(license()))],
    ['ISSUER_MISMATCH', 'of another issuer', () => license(), { issuer: 'https://elsewhere.example' }],
    ['MODULE_MISMATCH', 'for another module', () => license(), { module: 'crm' }],
    ['VERSION_NOT_ALLOWED', 'for another version', () => license(), { version: '16.0' }],
    ['VERSION_NOT_ALLOWED', 'for a version without a number', () => license(), { version: 'v17' }],
    ['EXPIRED', 'at its end', () => license({ exp: NOW })],
    ['VALID', 'in its last day of grace', () => license({ exp: NOW - DAY + 1, grace_days: 1 })],
    ['EXPIRED', 'after its grace', () => license({ exp: NOW - DAY, grace_days: 1 })],
  ])('answers %s for a license %s', async (code, _, token, different = {}) => {
    expect(await codeOf(token(), different)).toBe(code);
  });

  it.each<[string, VerifyOptions['instance']]>([
    ['INSTANCE_REQUIRED', undefined],
    ['INSTANCE_REQUIRED', null],
    ['INSTANCE_REQUIRED', {}],
    ['INSTANCE_REQUIRED', { db_uuid: 'd', domain: null }],
    ['INSTANCE_REQUIRED', { db_uuid: '', domain: 'erp.example' }],
    ['INSTANCE_MISMATCH', { db_uuid: 'd', domain: 'erp.example:8069' }],
    ['INSTANCE_MISMATCH', { db_uuid: 'd', domain: 'ERP.example' }],
    ['VALID', { db_uuid: 'd', domain: 'erp.example' }],
  ])('answers %s for a bound license on %j', async (code, instance) => {
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode('d:erp.example'));
    const fingerprint = `sha256:${Buffer.from(digest).toString('hex')}`;
    expect(await codeOf(license({ instance_fingerprint: fingerprint }), { instance })).toBe(code);
  });

  it('warns as the server does', async () => {
    const soon = await verifyLicense(license({ exp: NOW + 30 * DAY }), options());
    expect(soon.warnings).toEqual(['EXPIRES_SOON']);
    const grace = await verifyLicense(license({ exp: NOW, grace_days: 5 }), options());
    expect(grace.warnings).toEqual(['IN_GRACE']);
  });
});

describe('the keys of verifyLicense', () => {
  it('are pinned as JWK or PEM, several of them', async () => {
    const keys = [jwkOf(k2), { kid: 'k1', pem: pemOf(k1) }];
    expect(await codeOf(license(), { keys })).toBe('VALID');
    expect(await codeOf(license({}, k2), { keys })).toBe('VALID');
    expect(await codeOf(license(), { keys: [{ kid: 'k1', pem: pemOf(k2) }] })).toBe('SIGNATURE_INVALID');
  });

  it('are those of a key set that the pinned root key signed, as JWK or PEM, or one of several', async () => {
    for (const trusted of [jwkOf(root), pemOf(root), [jwkOf(stranger), pemOf(root)]]) {
      const keys = { keySet: keySet(), root: trusted };
      expect(await codeOf(license(), { keys })).toBe('VALID');
      expect(await codeOf(license({}, k2), { keys })).toBe('KEY_COMPROMISED');
      expect(await codeOf(license({}, stranger), { keys })).toBe('UNKNOWN_KEY');
    }
  });

  it.each<[string, string, object?]>([
    ['not signed', 'by another root', { keySet: keySet({}, stranger) }],
    ['cannot be read', 'that is not one', { keySet: 'nonsense' }],
    ['cannot be read', 'that is plain', { keySet: JSON.stringify({ keys: [jwkOf(k1)] }) }],
    ['cannot be read', 'that is a license', { keySet: license({}, root) }],
    ['older', 'that is older than the newest', { newestSeen: NOW - DAY + 1 }],
    ['expired', 'past its end', { keySet: keySet({ exp: NOW }) }],
  ])('are unknown where the key set is %s, %s', async (why, _, different = {}) => {
    const keys = { keySet: keySet(), root: jwkOf(root), ...different };
    const verdict = await verifyLicense(license(), options({ keys, statusList: listOf(1, 1) }));
    expect(verdict).toMatchObject({ code: 'UNKNOWN_KEY', license_id: null, revocation: 'none' });
    expect(verdict.error).toContain(why);
    expect(await codeOf('nonsense', { keys })).toBe('MALFORMED');
  });

  it('are compromised still when the key set has expired', async () => {
    const keys = { keySet: keySet({ exp: NOW }), root: jwkOf(root) };
    expect(await codeOf(license({}, k2), { keys })).toBe('KEY_COMPROMISED');
  });

  it('are those of a plain JWKS only where its transport is trusted', async () => {
    const jwks = { keys: [{ kty: 'RSA', n: 'x', kid: 'rsa' }, 'nonsense', jwkOf(k1)] };
    expect(await codeOf(license(), { keys: { jwks, trustTransport: true } })).toBe('VALID');
    expect(await codeOf(license({}, k2), { keys: { jwks, trustTransport: true } })).toBe('UNKNOWN_KEY');
    for (const wrong of [undefined, null, 'nonsense', [], { keys: 'k1' }])
      expect(await codeOf(license(), { keys: { jwks: wrong, trustTransport: true } })).toBe('UNKNOWN_KEY');
    for (const trustTransport of [undefined, false, 1, 'true'])
      await expect(codeOf(license(), { keys: { jwks, trustTransport } as never })).rejects.toThrow(
        /keys\.trustTransport/,
      );
  });

  it('that are not points of the curve verify nothing', async () => {
    const x = Buffer.from([2, ...new Uint8Array(31)]).toString('base64url');
    const keys = [{ kty: 'OKP', crv: 'Ed25519', kid: 'k1', x } as const];
    expect(['UNKNOWN_KEY', 'SIGNATURE_INVALID']).toContain(await codeOf(license(), { keys }));
  });
});

describe('the options of verifyLicense', () => {
  const { d: _, ...publicJwk } = { d: '', ...jwkOf(k1) };
  it.each<[string, object]>([
    ['keys', { keys: undefined }],
    ['keys', { keys: pemOf(k1) }],
    ['keys', { keys: {} }],
    ['keys', { keys: { keys: [publicJwk] } }],
    ['keys must not contain a kid twice: k1', { keys: [publicJwk, { kid: 'k1', pem: pemOf(k2) }] }],
    ['keys[0]', { keys: [pemOf(k1)] }],
    ['keys[0]', { keys: [null] }],
    ['keys[1]', { keys: [publicJwk, { ...publicJwk, kid: undefined }] }],
    ['keys[0]', { keys: [{ ...publicJwk, d: publicJwk.x }] }],
    ['keys[0]', { keys: [{ ...publicJwk, crv: 'X25519' }] }],
    ['keys[0]', { keys: [{ kid: 'k1', pem: 'nonsense' }] }],
    ['keys[0]', { keys: [{ pem: pemOf(k1) }] }],
    ['keys[0]', { keys: [{ kid: 'k1', pem: k1.privateKey.export({ format: 'pem', type: 'pkcs8' }) }] }],
    ['keys.keySet', { keys: { keySet: { keys: [] }, root: jwkOf(root) } }],
    ['keys.root', { keys: { keySet: keySet() } }],
    ['keys.root', { keys: { keySet: keySet(), root: [] } }],
    ['keys.root', { keys: { keySet: keySet(), root: { ...jwkOf(root), d: 'x' } } }],
    ['keys.newestSeen', { keys: { keySet: keySet(), root: jwkOf(root), newestSeen: 'x' } }],
    ['issuer', { issuer: undefined }],
    ['issuer', { issuer: '' }],
    ['issuer', { issuer: [] }],
    ['issuer', { issuer: [5] }],
    ['module', { module: undefined }],
    ['version', { version: 17 }],
    ['instance', { instance: 'erp.example' }],
    ['instance.db_uuid', { instance: { db_uuid: 5, domain: 'erp.example' } }],
    // All of them would have one hash.
    ['instance.db_uuid', { instance: { db_uuid: '\ud800', domain: 'erp.example' } }],
    ['instance.domain', { instance: { db_uuid: 'd', domain: 'erp\udc00' } }],
    ['activation.fingerprint', { activation: { token: 'x', fingerprint: '\ud800' } }],
    ['instance.domain', { instance: { db_uuid: 'd', domain: {} } }],
    ['statusList', { statusList: new Uint8Array() }],
    ['statusList', { statusList: [5] }],
    ['statuslist', { statuslist: 'x' }],
    ['maxOffline', { maxOffline: '5' }],
    ['maxOffline', { maxOffline: -1 }],
    ['maxOffline', { maxOffline: NaN }],
    ['now', { now: new Date() }],
    ['now', { now: Date.now() * 10_000 }],
    ['now', { now: NaN }],
    ['now', { now: null }],
    ['guard', { guard: { load: () => null } }],
    ['guard', { guard: 5 }],
    ['activation', { activation: 'x' }],
    ['activation.token', { activation: { fingerprint: 'x' } }],
    ['activation.fingerprint', { activation: { token: 'x' } }],
    ['activation.nonce', { activation: { token: 'x', fingerprint: 'x', nonce: 5 } }],
    ['activation.statusList', { activation: { token: 'x', fingerprint: 'x', statusList: 5 } }],
  ])('are refused by the name %s: %j', async (name, wrong) => {
    for (const token of [license(), undefined]) {
      const refused = verifyLicense(token, options(wrong));
      await expect(refused).rejects.toThrow(TypeError);
      await expect(refused).rejects.toThrow(name);
    }
  });

  it.each([undefined, null, 'options', []])('must be an object, not %j', async (wrong) => {
    await expect(verifyLicense(license(), wrong as never)).rejects.toThrow(
      new TypeError('options must be an object'),
    );
  });
});

describe('the status list of verifyLicense', () => {
  it.each<[string, string, Partial<VerifyOptions>]>([
    ['VALID fresh', 'of now', { statusList: listOf(1, 0) }],
    ['VALID stale', 'past its ttl', { statusList: listOf(1, 0, 300) }],
    ['STATUS_LIST_STALE stale', 'past its end', { statusList: listOf(1, 0, 35 * DAY) }],
    ['STATUS_LIST_STALE stale', 'older than allowed', { statusList: listOf(1, 1, 600), maxOffline: 600 }],
    ['VALID stale', 'not older than allowed', { statusList: listOf(1, 0, 599), maxOffline: 600 }],
    ['REVOKED fresh', 'that revokes', { statusList: listOf(1, 1) }],
    ['SUSPENDED fresh', 'that suspends', { statusList: listOf(1, 2) }],
    ['STATUS_LIST_INVALID none', 'with another status', { statusList: listOf(1, 3) }],
    ['STATUS_LIST_INVALID none', 'of others', { statusList: listOf(7, 0) }],
    ['STATUS_LIST_INVALID none', 'of another key', { statusList: listOf(1, 0, 0, {}, stranger) }],
    ['STATUS_LIST_INVALID none', 'that is empty', { statusList: '' }],
    ['STATUS_LIST_INVALID none', 'that is a license', { statusList: license() }],
    ['STATUS_LIST_INVALID none', 'of 10 MB', { statusList: 'x'.repeat(10_000_000) }],
    [
      'STATUS_LIST_INVALID none',
      'too short',
      { statusList: listOf(1, 0, 0, { status_list: { bits: 8, lst: 'eJxjAAAAAQAB' } }) },
    ],
    ['REVOKED fresh', 'among others', { statusList: [listOf(7, 0), 'x', listOf(1, 0, 10), listOf(1, 1)] }],
    ['VALID none', 'that is not there', { statusList: [] }],
  ])('makes it %s by a list %s', async (expected, _, different) => {
    expect(said(await verifyLicense(license(), options(different)))).toBe(expected);
  });

  it('that a compromised key signed is invalid', async () => {
    const keys = { keySet: keySet(), root: jwkOf(root) };
    const statusList = listOf(1, 0, 0, {}, k2);
    expect(await codeOf(license(), { keys, statusList })).toBe('STATUS_LIST_INVALID');
  });

  it('is not asked about a license of v0.8', async () => {
    const v08 = license({ status: undefined, rev: undefined });
    for (const statusList of ['nonsense', listOf(1, 1), listOf(1, 0, 36 * DAY)])
      expect(said(await verifyLicense(v08, options({ statusList })))).toBe('VALID none');
  });

  it('comes after the question and before the end', async () => {
    const statusList = 'nonsense';
    expect(await codeOf(license(), { statusList, version: '16' })).toBe('VERSION_NOT_ALLOWED');
    expect(await codeOf(license({ exp: NOW }), { statusList })).toBe('STATUS_LIST_INVALID');
  });

  it('may be as old as it is, or missing, while an offline activation counts', async () => {
    const statusList = listOf(1, 0, 36 * DAY);
    const file = { token: await activation({ nonce: NONCE }), fingerprint: FINGERPRINT, nonce: NONCE };
    const judged = async (different: Partial<VerifyOptions>): Promise<string> =>
      said(await verifyLicense(license(), options({ maxOffline: 60, ...different })));
    expect(await judged({ statusList })).toBe('STATUS_LIST_STALE stale');
    expect(await judged({ statusList, activation: file })).toBe('VALID stale');
    expect(await judged({ activation: file })).toBe('VALID stale');
    expect(await judged({ statusList: listOf(1, 1, 36 * DAY), activation: file })).toBe('REVOKED stale');
    expect(await judged({ statusList: 'nonsense', activation: file })).toBe('VALID stale');
    expect(await judged({ statusList, activation: { ...file, nonce: undefined } })).toBe(
      'STATUS_LIST_STALE stale',
    );
    expect(await judged({ statusList, activation: { ...file, token: await activation() } })).toBe(
      'STATUS_LIST_STALE stale',
    );
  });
});

describe('the seat of verifyLicense', () => {
  const seated = license({ seats: { mode: 'fixed', required: true } });
  const shown = async (claims: object = {}): Promise<{ token: string; fingerprint: string }> => ({
    token: await activation(claims),
    fingerprint: FINGERPRINT,
  });

  it.each<[string, () => Promise<VerifyOptions['activation']>]>([
    ['ACTIVATION_REQUIRED', () => Promise.resolve(null)],
    ['ACTIVATION_INVALID', () => Promise.resolve({ token: 'nonsense', fingerprint: FINGERPRINT })],
    ['ACTIVATION_INVALID', () => shown({ sub: ACTIVATION_ID })],
    ['ACTIVATION_MISMATCH', async () => ({ ...(await shown()), fingerprint: 'machine-2' })],
    ['ACTIVATION_MISMATCH', () => shown({ nonce: NONCE })],
    ['ACTIVATION_ENDED', () => shown({ exp: NOW })],
    ['ACTIVATION_ENDED', async () => ({ ...(await shown()), statusList: listOf(2, 1) })],
    ['VALID', async () => ({ ...(await shown()), statusList: listOf(2, 0) })],
    ['VALID', async () => ({ ...(await shown()), statusList: 'nonsense' })],
    ['VALID', async () => ({ ...(await shown()), statusList: listOf(2, 1, 36 * DAY) })],
  ])('makes it %s', async (code, seat) => {
    expect(await codeOf(seated, { activation: await seat() })).toBe(code);
  });

  it('has ended by a list among those of the license', async () => {
    const statusList = [listOf(2, 1), listOf(1, 0)];
    expect(await codeOf(seated, { statusList, activation: await shown() })).toBe('ACTIVATION_ENDED');
  });
});

describe('the guard of the clock', () => {
  const judged = (guard: GuardStorage, different: Partial<VerifyOptions> = {}): Promise<LicenseVerdict> =>
    verifyLicense(license(), options({ guard, ...different }));

  it('refuses a clock that was set back, after the question and before the list', async () => {
    const guard = aStorage({ trusted_at: 0, seen_at: NOW + 301 });
    expect(await judged(guard)).toMatchObject({ valid: false, code: 'CLOCK_SET_BACK', clock: 'unknown' });
    expect((await judged(guard, { statusList: 'nonsense' })).code).toBe('CLOCK_SET_BACK');
    expect((await judged(guard, { module: 'crm' })).code).toBe('MODULE_MISMATCH');
    expect(guard.kept).toEqual({ trusted_at: NOW - 30 * DAY, seen_at: NOW + 301 });
  });

  it('remembers what proves the time of this license, and nothing else', async () => {
    const guard = aStorage(null);
    const trusted = (): number => (guard.kept as ClockState).trusted_at;
    await verifyLicense('nonsense', options({ guard }));
    await verifyLicense(license({}, stranger), options({ guard }));
    await verifyLicense(license(), options({ guard, keys: [jwkOf(k2)], statusList: listOf(1, 0) }));
    expect(guard.kept).toBeNull();
    await judged(guard, { module: 'crm', keys: { keySet: keySet(), root: jwkOf(root) } });
    expect(trusted()).toBe(NOW - 30 * DAY);
    const seat = { token: await activation(), fingerprint: FINGERPRINT };
    await judged(guard, { activation: { ...seat, fingerprint: 'machine-2' }, statusList: listOf(7, 0) });
    expect(trusted()).toBe(NOW - 30 * DAY);
    await judged(guard, { activation: seat });
    expect(trusted()).toBe(NOW - 60);
    await judged(guard, { activation: { ...seat, statusList: listOf(2, 0, 30) } });
    expect(trusted()).toBe(NOW - 30);
    await judged(guard, { statusList: listOf(1, 0, 5) });
    expect(guard.kept).toEqual({ trusted_at: NOW - 5, seen_at: NOW });
  });

  it('believes the clock again by a new list, after a day in a wrong year', async () => {
    const guard = aStorage({ trusted_at: NOW - DAY, seen_at: NOW });
    const wrongYear = { now: 4_070_908_800 };
    const perpetual = license({ exp: undefined, license_type: 'perpetual' });
    expect(await verifyLicense(perpetual, options({ guard, ...wrongYear }))).toMatchObject({
      code: 'VALID',
      clock: 'ok',
    });
    expect((await judged(guard)).code).toBe('CLOCK_SET_BACK');
    expect((await judged(guard, { statusList: listOf(1, 0, 3_601) })).code).toBe('CLOCK_SET_BACK');
    expect(await judged(guard, { statusList: listOf(1, 0, 3_600) })).toMatchObject({
      code: 'VALID',
      clock: 'ok',
    });
    expect(await judged(guard)).toMatchObject({ code: 'VALID', clock: 'ok' });
  });

  it.each([null, undefined, 'text', { seen_at: NOW }, { trusted_at: NaN, seen_at: NOW }])(
    'has lost its state where that is %j, and begins again',
    async (kept) => {
      const guard = aStorage(kept);
      expect(await judged(guard)).toMatchObject({ code: 'VALID', clock: 'unknown' });
      expect(await judged(guard)).toMatchObject({ code: 'VALID', clock: 'ok' });
    },
  );

  it('changes no verdict where its storage fails, in either way', async () => {
    const fails = (): never => {
      throw new Error('disk full');
    };
    const rejects = (): Promise<never> => Promise.reject(new Error('disk full'));
    for (const guard of [
      { load: fails, save: fails },
      { load: rejects, save: rejects },
    ])
      expect(await judged(guard)).toMatchObject({ code: 'VALID', clock: 'unknown' });
  });

  it('is saved only where it changed', async () => {
    const guard = aStorage(null);
    for (let call = 0; call < 3; call += 1) await judged(guard);
    expect(guard.saves).toBe(1);
  });
});

describe('a platform without Ed25519', () => {
  afterEach(() => jest.restoreAllMocks());

  it('is UNSUPPORTED, which is not a verdict', async () => {
    const key = jwkOf(aKey('new'));
    jest
      .spyOn(crypto.subtle, 'importKey')
      .mockRejectedValue(new DOMException('Unrecognized name.', 'NotSupportedError'));
    const judged = verifyLicense(license(), options({ keys: [{ ...key, kid: 'k1' }] }));
    await expect(judged).rejects.toThrow(UnsupportedError);
    await expect(judged).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  it('is UNSUPPORTED where there is no WebCrypto', async () => {
    jest.replaceProperty(globalThis, 'crypto', {} as typeof crypto);
    await expect(verifyLicense(license(), options())).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});

function claimsOf(token: string): unknown {
  return JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
}

describe('verifyLicense, many times at once', () => {
  it('keeps texts, keys and installations apart', async () => {
    const fingerprint = async (domain: string): Promise<string> => {
      const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`d:${domain}`));
      return `sha256:${Buffer.from(digest).toString('hex')}`;
    };
    const domains = ['a.example', 'b.example'];
    const tokens = await Promise.all(
      domains.map(async (domain, at) =>
        license({ instance_fingerprint: await fingerprint(domain) }, [k1, k2][at]),
      ),
    );
    const asked = Array.from({ length: 40 }, (_, at) => ({ token: at % 2, domain: (at >> 1) % 2 }));
    const codes = await Promise.all(
      asked.map(async ({ token, domain }) => {
        const instance = { db_uuid: 'd', domain: domains[domain]! };
        return (await verifyLicense(tokens[token]!, options({ keys: [jwkOf(k1), jwkOf(k2)], instance })))
          .code;
      }),
    );
    expect(codes).toEqual(
      asked.map(({ token, domain }) => (token === domain ? 'VALID' : 'INSTANCE_MISMATCH')),
    );
  });
});
