import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import fc from 'fast-check';
import { type KeySet, type KeySetKey } from '../key-set';
import { judgeOffline, type OfflineTrust, type OfflineVerdict } from '../offline';
import type { StatusList } from '../status-lists/status-list-reader';
import { activationFingerprint } from './activation-fingerprint';
import type { ShownActivation } from './offline-seat';

const NOW = new Date('2026-02-03T19:12:10.000Z');
const NOW_S = NOW.getTime() / 1000;
const DAY_S = 86_400;
const ISSUER = 'https://license.biz4a.com';
const NONCE = '0123456789abcdef';

const k1 = generateKeyPairSync('ed25519');
const stolen = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
const keyOf = (kid: string, { publicKey }: { publicKey: KeyObject }): KeySetKey => ({
  ...(publicKey.export({ format: 'jwk' }) as Omit<KeySetKey, 'kid'>),
  kid,
});
const KEY_SET: KeySet = {
  iat: NOW_S - DAY_S,
  exp: NOW_S + 10_000 * DAY_S,
  keys: [keyOf('k1', k1)],
  compromised: [{ kid: 'stolen', at: NOW_S - DAY_S, after: null }],
};

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
function jws(header: object, payload: unknown, key: KeyObject = k1.privateKey): string {
  const input = `${encode({ alg: 'EdDSA', kid: 'k1', ...header })}.${encode(payload)}`;
  return `${input}.${sign(null, Buffer.from(input), key).toString('base64url')}`;
}

const uriOf = (list: number): string => `https://license.example/api/v1/status-lists/${list}`;
const place = (list: number): { status_list: { idx: number; uri: string } } => ({
  status_list: { idx: 0, uri: uriOf(list) },
});
/** Of one token; as it stands NOW unless its age is given. */
function listOf(list: number, status: 0 | 1 | 2 | 3, ageS = 0): StatusList {
  const iat = NOW_S - ageS;
  const time = (second: number): Date => new Date(second * 1000);
  return {
    uri: uriOf(list),
    issued_at: time(iat),
    fresh_until: time(iat + 300),
    expires_at: time(iat + 35 * DAY_S),
    bits: 2,
    statuses: Uint8Array.of(status),
  };
}

const LICENSE = {
  jti: '0bfb0cef-a864-400f-83d4-e8c6bd41dda5',
  iss: ISSUER,
  iat: NOW_S - DAY_S,
  customer: { id: 'C-1', name: 'Acme' },
  module: { technical_name: 'payroll', allowed_major_versions: ['17'] },
  license_type: 'perpetual',
  seats: { mode: 'fixed', required: true },
  status: place(1),
};
const license = (claims: object = {}): string => jws({ typ: 'JWT' }, { ...LICENSE, ...claims });

const ACTIVATION = {
  iss: ISSUER,
  jti: '5f0c9a3e-8a7b-41ee-b9d1-0242ac120002',
  sub: LICENSE.jti,
  fp: '',
  fence: 1770145930123,
  iat: NOW_S - 60,
  exp: NOW_S + 30 * DAY_S,
  status: place(2),
};
const activation = (claims: object = {}, header: object = {}, key?: KeyObject): string =>
  jws({ typ: 'aegis-activation+jwt', ...header }, { ...ACTIVATION, ...claims }, key);

beforeAll(async () => {
  ACTIVATION.fp = await activationFingerprint(LICENSE.jti, 'machine-1');
});

const shown = (token: string, different: Partial<ShownActivation> = {}): ShownActivation => ({
  token,
  fingerprint: 'machine-1',
  ...different,
});
const judged = (
  shownActivation?: ShownActivation,
  trust: Partial<OfflineTrust> = {},
  token = license(),
): Promise<OfflineVerdict> =>
  judgeOffline(
    token,
    { module_name: 'payroll', odoo_version: '17.0', instance_fingerprint: null },
    { keySet: KEY_SET, acceptedIssuers: [ISSUER], activation: shownActivation, now: NOW, ...trust },
  );

describe('a license that asks for a seat, offline', () => {
  it('is VALID with its activation token, and shows the seat', async () => {
    expect(await judged(shown(activation()))).toMatchObject({
      valid: true,
      code: 'VALID',
      warnings: [],
      activation: { id: ACTIVATION.jti, lease_ends_at: new Date(ACTIVATION.exp * 1000), over: false },
    });
  });

  it('is ACTIVATION_REQUIRED without one', async () => {
    expect(await judged()).toMatchObject({ valid: false, code: 'ACTIVATION_REQUIRED', activation: null });
  });

  it.each<[string, () => string]>([
    ['that is not a token', () => 'nonsense'],
    ['that is the license', () => license()],
    ['of another type', () => activation({}, { typ: 'JWT' })],
    ['of no type', () => activation({}, { typ: undefined })],
    ['without exp', () => activation({ exp: undefined })],
    ['without fp', () => activation({ fp: undefined })],
    ['without fence', () => activation({ fence: undefined })],
    ['under another alg', () => activation({}, { alg: 'HS256' })],
    ['signed by another key', () => activation({}, {}, stranger.privateKey)],
    ['of an unknown key', () => activation({}, { kid: 'k9' }, stranger.privateKey)],
    ['of a compromised key', () => activation({}, { kid: 'stolen' }, stolen.privateKey)],
    ['of another license', () => activation({ sub: '0bfb0cef-a864-400f-83d4-e8c6bd41dda6' })],
    ['of another issuer', () => activation({ iss: 'https://elsewhere.example' })],
    [
      'that is changed',
      () => activation().replace(/\.[^.]*\./, `.${encode({ ...ACTIVATION, exp: NOW_S * 2 })}.`),
    ],
  ])('is ACTIVATION_INVALID with one %s', async (_, token) => {
    const verdict = await judged(shown(token()));
    expect(verdict).toMatchObject({ valid: false, code: 'ACTIVATION_INVALID', activation: null });
    expect(verdict.error).not.toBeNull();
  });

  it.each<[string, () => ShownActivation]>([
    ['of another installation', () => shown(activation(), { fingerprint: 'machine-2' })],
    ['of nearly this installation', () => shown(activation(), { fingerprint: 'machine-1 ' })],
    ['of this installation for another license', () => shown(activation({ fp: '0f'.repeat(32) }))],
    [
      'that answers another request',
      () => shown(activation({ nonce: NONCE }), { nonce: '0123456789abcdee' }),
    ],
    ['that answers a request, where none was made', () => shown(activation({ nonce: NONCE }))],
  ])('is ACTIVATION_MISMATCH with one %s', async (_, made) => {
    expect(await judged(made())).toMatchObject({
      valid: false,
      code: 'ACTIVATION_MISMATCH',
      activation: null,
    });
  });

  it('takes a token without a nonce from an installation that once made a request', async () => {
    expect((await judged(shown(activation(), { nonce: NONCE }))).code).toBe('VALID');
  });

  it.each([
    [-1, 'VALID'],
    [0, 'ACTIVATION_ENDED'],
    [1, 'ACTIVATION_ENDED'],
  ])('%i ms from the end of its token, is %s', async (offset, code) => {
    for (const nonce of [undefined, NONCE]) {
      const exp = NOW_S + DAY_S;
      const now = new Date(exp * 1000 + offset);
      expect((await judged(shown(activation({ exp, nonce }), { nonce }), { now })).code).toBe(code);
    }
  });

  it.each<[0 | 1 | 2 | 3, string]>([
    [0, 'VALID'],
    [1, 'ACTIVATION_ENDED'],
    [2, 'ACTIVATION_ENDED'],
    [3, 'VALID'],
  ])('with status %i of its activation is %s', async (status, code) => {
    const statusLists = [listOf(2, status)];
    expect((await judged(shown(activation(), { statusLists }))).code).toBe(code);
    const other = listOf(1, status);
    expect((await judged(shown(activation(), { statusLists: [other] }))).code).toBe('VALID');
    expect((await judged(shown(activation({ status: undefined }), { statusLists }))).code).toBe('VALID');
  });

  it('names the first check that fails: the license, then form, installation and end of the activation', async () => {
    const none = { keySet: KEY_SET, statusLists: [listOf(1, 1)] };
    const wrong = shown('nonsense', { fingerprint: 'machine-2' });
    expect((await judged(wrong, none)).code).toBe('REVOKED');
    const expired = license({ license_type: 'subscription', exp: NOW_S });
    expect((await judged(wrong, {}, expired)).code).toBe('EXPIRED');
    const invalid = activation({ sub: '0bfb0cef-a864-400f-83d4-e8c6bd41dda6', exp: NOW_S });
    expect((await judged(shown(invalid, { fingerprint: 'machine-2' }))).code).toBe('ACTIVATION_INVALID');
    const ended = shown(activation({ exp: NOW_S }), { fingerprint: 'machine-2' });
    expect((await judged(ended)).code).toBe('ACTIVATION_MISMATCH');
  });

  it('is UNKNOWN_KEY once the key set has expired, whatever its activation says', async () => {
    const keySet = { ...KEY_SET, exp: NOW_S };
    expect(await judged(shown(activation()), { keySet })).toMatchObject({
      code: 'UNKNOWN_KEY',
      revocation: 'none',
      activation: null,
    });
  });
});

describe('a license that asks for no seat, offline', () => {
  it.each([
    ['without the claim', { seats: undefined }],
    ['that only counts seats', { seats: { mode: 'fixed', required: false } }],
  ])('%s is valid with any activation token, and shows one that counts', async (_, claims) => {
    const token = license(claims);
    for (const wrong of [undefined, shown('nonsense'), shown(activation({ exp: NOW_S }))])
      expect(await judged(wrong, {}, token)).toMatchObject({ code: 'VALID', activation: null });
    expect(await judged(shown(activation()), {}, token)).toMatchObject({
      code: 'VALID',
      activation: { id: ACTIVATION.jti },
    });
  });
});

describe('revocation, offline', () => {
  const file = (different: Partial<ShownActivation> = {}): ShownActivation =>
    shown(activation({ nonce: NONCE, exp: NOW_S + 3_650 * DAY_S }), { nonce: NONCE, ...different });
  const after = (days: number): Date => new Date((NOW_S + days * DAY_S) * 1000);
  const said = ({ code, revocation }: OfflineVerdict): string => `${code} ${revocation}`;

  it.each<[string, number, string]>([
    ['fresh', 0, 'VALID fresh'],
    ['fresh to the last second of its ttl', 299, 'VALID fresh'],
    ['past its ttl', 300, 'VALID stale'],
    ['in its last second', 35 * DAY_S - 1, 'VALID stale'],
    ['past its end', 35 * DAY_S, 'STATUS_LIST_STALE stale'],
  ])('by a list %s', async (_, ageS, expected) => {
    expect(said(await judged(shown(activation()), { statusLists: [listOf(1, 0, ageS)] }))).toBe(expected);
  });

  it.each<[number, number, string]>([
    [600, 299, 'VALID fresh'],
    [600, 300, 'VALID stale'],
    [600, 599, 'VALID stale'],
    [600, 600, 'STATUS_LIST_STALE stale'],
    [100, 100, 'STATUS_LIST_STALE stale'],
    [90 * DAY_S, 35 * DAY_S, 'STATUS_LIST_STALE stale'],
  ])('with lists allowed for %i s, by one of %i s is %s', async (maxOffline, ageS, expected) => {
    const statusLists = [listOf(1, 0, ageS)];
    expect(said(await judged(shown(activation()), { statusLists, maxOffline }))).toBe(expected);
    expect(said(await judged(file(), { statusLists, maxOffline }))).toBe(
      ageS < 300 ? 'VALID fresh' : 'VALID stale',
    );
  });

  it('is `none` without a list, and of a token that has no place, whatever list is there', async () => {
    expect(said(await judged(shown(activation())))).toBe('VALID none');
    const v08 = license({ status: undefined });
    for (const statusLists of [[], [listOf(1, 0)], [listOf(1, 1)]])
      expect(said(await judged(file(), { statusLists }, v08))).toBe('VALID none');
  });

  it.each<[string, StatusList[]]>([
    ['that is of no use', []],
    ['of another token', [listOf(7, 0)]],
    ['that is too short for the place', [{ ...listOf(1, 0), statuses: new Uint8Array() }]],
    ['with a status that is not known', [listOf(1, 3)]],
  ])('is not known by a list %s, which is refused', async (_, statusLists) => {
    expect(said(await judged(shown(activation()), { statusLists }))).toBe('STATUS_LIST_INVALID none');
    // The vendor's leave to go without a list.
    expect(said(await judged(file(), { statusLists }))).toBe('VALID stale');
  });

  it('is that of the list that was made last, in whatever order they are', async () => {
    const lists = [listOf(1, 0, 500), listOf(7, 1), listOf(1, 1, 100), listOf(1, 2, 300)];
    for (const statusLists of [lists, lists.toReversed()])
      expect(said(await judged(shown(activation()), { statusLists }))).toBe('REVOKED fresh');
  });

  it('is looked at after the question, the list being judged before what it says, and its end last', async () => {
    const expired = license({ license_type: 'subscription', exp: NOW_S });
    const other = license({ module: { technical_name: 'crm', allowed_major_versions: ['17'] } });
    const old = { statusLists: [listOf(1, 1, 36 * DAY_S)] };
    expect((await judged(undefined, old, other)).code).toBe('MODULE_MISMATCH');
    expect((await judged(undefined, old, expired)).code).toBe('STATUS_LIST_STALE');
    expect((await judged(undefined, { statusLists: [] }, expired)).code).toBe('STATUS_LIST_INVALID');
    expect((await judged(undefined, { statusLists: [listOf(1, 1)] }, expired)).code).toBe('REVOKED');
  });

  it('is `none` while the license is not proven', async () => {
    const trust = { statusLists: [listOf(1, 0)] };
    expect(said(await judged(file(), trust, 'nonsense'))).toBe('MALFORMED none');
    expect(said(await judged(file(), trust, jws({ typ: 'JWT' }, LICENSE, stranger.privateKey)))).toBe(
      'SIGNATURE_INVALID none',
    );
    const compromised = jws({ typ: 'JWT', kid: 'stolen' }, LICENSE, stolen.privateKey);
    expect(said(await judged(file(), trust, compromised))).toBe('KEY_COMPROMISED none');
  });

  it('is stale, and no reason to refuse, until the end of an offline file', async () => {
    for (const days of [0, 34, 35, 400, 3_649]) {
      expect(said(await judged(file(), { now: after(days) }))).toBe('VALID stale');
      const statusLists = [listOf(1, 0, 300)];
      expect(said(await judged(file(), { now: after(days), statusLists }))).toBe('VALID stale');
    }
    expect(said(await judged(file(), { now: after(3_650) }))).toBe('ACTIVATION_ENDED none');
  });

  it.each([
    [1, 'REVOKED'],
    [2, 'SUSPENDED'],
  ] as const)(
    'in a newer list (status %i) wins over an offline file, also after the end of the list',
    async (status, code) => {
      const statusLists = [listOf(1, status)];
      for (const [days, revocation] of [
        [0, 'fresh'],
        [34, 'stale'],
        [35, 'stale'],
        [3_649, 'stale'],
      ] as const)
        expect(said(await judged(file(), { now: after(days), statusLists }))).toBe(`${code} ${revocation}`);
    },
  );

  it('of the activation in a newer list wins over its offline file, also after the end of the list', async () => {
    for (const days of [0, 35, 3_649]) {
      const verdict = await judged(file({ statusLists: [listOf(2, 1)] }), { now: after(days) });
      expect(said(verdict)).toBe('ACTIVATION_ENDED none');
    }
  });

  it('is not excused by an activation token without a nonce, nor by a file that does not count', async () => {
    const online = shown(activation({ exp: NOW_S + 3_650 * DAY_S }));
    const ended = shown(activation({ nonce: NONCE, exp: NOW_S + DAY_S }), { nonce: NONCE });
    const foreign = file({ fingerprint: 'machine-2' });
    for (const one of [online, ended, foreign]) {
      const verdict = await judged(one, { now: after(36), statusLists: [listOf(1, 1)] });
      expect(said(verdict)).toBe('STATUS_LIST_STALE stale');
    }
  });

  it('and seat depend on each of license, activation, lists and file until it ends', async () => {
    const ends = fc.integer({ min: -50, max: 50 }).filter((days) => days !== 0);
    const status = fc.constantFrom<(0 | 1)[]>(0, 1);
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          license: ends,
          seat: ends,
          list: ends,
          seatList: ends,
          revoked: status,
          ended: status,
          isFile: fc.boolean(),
        }),
        async (has) => {
          const age = (days: number): number => (35 - days) * DAY_S;
          const nonce = has.isFile ? NONCE : undefined;
          const one = shown(activation({ exp: NOW_S + has.seat * DAY_S, nonce }), {
            nonce,
            statusLists: [listOf(2, has.ended, age(has.seatList))],
          });
          const token = license({ license_type: 'subscription', exp: NOW_S + has.license * DAY_S });
          const verdict = await judged(one, { statusLists: [listOf(1, has.revoked, age(has.list))] }, token);
          const hasEnded = has.seat < 0 || (has.ended === 1 && (has.isFile || has.seatList > 0));
          const listCounts = has.list > 0 || (has.isFile && !hasEnded);
          const expected = !listCounts
            ? 'STATUS_LIST_STALE'
            : has.revoked === 1
              ? 'REVOKED'
              : has.license < 0
                ? 'EXPIRED'
                : hasEnded
                  ? 'ACTIVATION_ENDED'
                  : 'VALID';
          expect(verdict.code).toBe(expected);
        },
      ),
      { numRuns: 300 },
    );
  });
});
