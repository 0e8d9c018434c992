import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import type { KeySetKey } from '@aegis/license-token';
import type { Vector, VectorActivation } from './read-vectors';

/** A vector without an answer. */
export type RandomQuestion = Omit<Vector, 'id' | 'description' | 'expect'>;

type Members = Record<string, unknown>;

const NOW = 1_800_000_000;
const LICENSE_ID = '0bfb0cef-a864-400f-83d4-e8c6bd41dda5';
const URI = 'https://license.example/api/v1/status-lists/0';
const SEATS_URI = 'https://license.example/api/v1/status-lists/500000000';
const NONCE = '00112233445566ff';
const INSTANCE = { db_uuid: '5f0c9a3e-8a7b-11ee-b9d1-0242ac120002', domain: 'erp.acme.example' };
const BOUND_TO = `sha256:${sha256(`${INSTANCE.db_uuid}:${INSTANCE.domain}`)}`;

const KEYS: Readonly<Record<string, KeyObject>> = Object.fromEntries(
  ['k1', 'k2', 'stolen', 'stranger', 'root'].map((kid) => [kid, generateKeyPairSync('ed25519').privateKey]),
);

const LICENSE = {
  jti: LICENSE_ID,
  iss: 'https://license.example',
  iat: NOW - 1_000_000,
  exp: NOW + 10_000_000,
  customer: { id: 'acme', name: 'Acme' },
  module: { technical_name: 'payroll', allowed_major_versions: ['17', '18'] },
  license_type: 'subscription',
  rev: 1,
  status: { status_list: { idx: 5, uri: URI } },
};

/** What is signed before anything is wrong with it. */
const LICENSES: readonly Members[] = [
  LICENSE,
  { ...LICENSE, seats: { mode: 'floating', required: true } },
  { ...LICENSE, seats: { mode: 'fixed', required: true } },
  { ...LICENSE, exp: NOW, grace_days: 1 },
  { ...LICENSE, exp: NOW },
  { ...LICENSE, instance_fingerprint: BOUND_TO, entitlements: { max: 5, edition: 'pro' } },
];

/** Around what something changes at. */
const nearby = fc.constantFrom(-3601, -3600, -3599, -301, -300, -299, -1, 0, 1, 299, 300, 301, 3600, 86_400);
const second = fc.oneof(
  { weight: 6, arbitrary: nearby.map((offset) => NOW + offset) },
  { weight: 1, arbitrary: fc.constantFrom(0, 253_402_300_799, NOW - 30 * 86_400, NOW + 30 * 86_400) },
);
/** What a claim is not: one of other types, and the ends of numbers. */
const wrong = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, '', '1', -1, 0, 1, 1.5, 2 ** 53 - 1, 2 ** 53, 253_402_300_800),
  fc.jsonValue({ maxDepth: 2 }),
);

const LICENSE_CLAIMS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  jti: fc.constantFrom(LICENSE_ID.toUpperCase(), 'x', `${LICENSE_ID}\n`),
  iss: fc.constantFrom('https://former.example', 'https://elsewhere.example', '', 'a\0', '\ud800'),
  iat: second,
  exp: second,
  license_type: fc.constantFrom('perpetual', 'demo', 'trial', 'Demo'),
  grace_days: fc.constantFrom<unknown>(0, 1, 30, 365, 366, -1, 0.5, '1'),
  instance_fingerprint: fc.constantFrom(BOUND_TO, 'sha256:', 'x'.repeat(100), 'x'.repeat(101)),
  entitlements: fc.oneof(
    fc.dictionary(
      fc.constantFrom('a', 'constructor', 'max', '__proto__', 'A', 'a'.repeat(50), 'a'.repeat(51)),
      fc.constantFrom<unknown>(true, 1, 0, 'x', null, 1.5, '🚀'.repeat(200), 'x'.repeat(201), 2 ** 53 - 1),
    ),
    wrong,
  ),
  seats: fc.constantFrom<unknown>(
    { mode: 'fixed', required: true },
    { mode: 'floating', required: true, later: 1 },
    { mode: 'fixed', required: false },
    { mode: 'x', required: true },
    { mode: 'fixed', required: 1 },
    [],
  ),
  status: fc.constantFrom<unknown>(
    { status_list: { idx: 63, uri: URI } },
    { status_list: { idx: 64, uri: URI } },
    { status_list: { idx: -1, uri: URI } },
    { status_list: { idx: 5.5, uri: URI } },
    {},
  ),
  customer: fc.constantFrom<unknown>(
    { id: 'acme', name: '🚀'.repeat(255) },
    { id: 'acme', name: 'x'.repeat(256) },
    { id: 'x'.repeat(51), name: 'A' },
    { id: 'acme' },
    { id: 'acme', name: '\udc00' },
  ),
  module: fc.constantFrom<unknown>(
    { technical_name: 'payroll', allowed_major_versions: ['１７', '017'] },
    { technical_name: 'accounting', allowed_major_versions: ['17'] },
    { technical_name: 'payroll', allowed_major_versions: [17] },
    { technical_name: 'payroll' },
  ),
  rev: fc.constantFrom<unknown>(0, -1, 1.5, '1'),
  nbf: wrong,
  aud: wrong,
  later: wrong,
};

/** Claims of which a few are others, or missing. */
function claimsOf(
  base: Members,
  others: Readonly<Record<string, fc.Arbitrary<unknown>>>,
): fc.Arbitrary<Members> {
  const one = fc
    .constantFrom(...Object.keys(others))
    .chain((name) =>
      fc
        .oneof(
          { weight: 6, arbitrary: others[name]! },
          { weight: 1, arbitrary: fc.constant(undefined) },
          { weight: 1, arbitrary: wrong },
        )
        .map((value): Members => ({ [name]: value })),
    );
  return fc
    .oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 3, arbitrary: fc.array(one, { maxLength: 3 }) },
    )
    .map((some) => Object.assign({ ...base }, ...some) as Members);
}

/** A header that is mostly as it should be. */
function headerOf(typ: string): fc.Arbitrary<Members> {
  const usual = fc.constantFrom('k1', 'k2').map((kid): Members => ({ alg: 'EdDSA', typ, kid }));
  const others = fc.constantFrom<Members>(
    { alg: 'Ed25519' },
    { alg: 'none' },
    { alg: 'HS256' },
    { alg: 'eddsa' },
    { alg: null },
    { kid: 'stolen' },
    { kid: 'stranger' },
    { kid: '' },
    { kid: 1 },
    { typ: undefined },
    { typ: null },
    { typ: typ.toUpperCase() },
    { typ: `application/${typ}` },
    { typ: 'jwt' },
    { crit: [] },
    { jwk: {} },
  );
  return fc.oneof(
    { weight: 6, arbitrary: usual },
    { weight: 1, arbitrary: fc.tuple(usual, others).map(([one, other]) => ({ ...one, ...other })) },
  );
}

/** The payload as text, which may be written in other ways than `JSON.stringify` has. */
const rewriting = fc.oneof(
  { weight: 12, arbitrary: fc.constant((json: string) => json) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      (json: string) => json.replace(/"exp":(\d+)/, '"exp":$1.0'),
      (json: string) => json.replace(/"iat":(\d+)/, '"iat":$1e0'),
      (json: string) => json.replace('{', '{"iat":1,'),
      (json: string) => json.replace('{', '{"\\u0069at":1,'),
      (json: string) => json.replace('{', '{"x":NaN,'),
      (json: string) => json.replace('{', `{"x":${'['.repeat(15)}${']'.repeat(15)},`),
      (json: string) => json.replace('{', `{"x":${'['.repeat(16)}${']'.repeat(16)},`),
      (json: string) => ` ${json}\n`,
      (json: string) => `\ufeff${json}`,
      (json: string) => json.replace('}', ',}'),
    ),
  },
);

/** A text in which one character is another. */
const changing = fc.oneof(
  { weight: 12, arbitrary: fc.constant((text: string) => text) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.nat(), fc.constantFrom('', '.', '=', 'A', '-', 'ａ'), fc.boolean())
      .map(([at, character, replace]) => (text: string) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + character + text.slice(place + (replace ? 1 : 0));
      }),
  },
);

/** The text of a license as somebody received it. */
const pasting = fc.oneof(
  { weight: 9, arbitrary: changing },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      (text: string) => `\u2003${text}\r\n`,
      (text: string) => `${text}\u200b`,
      (text: string) => text.split('.').slice(0, 2).join('.'),
      (text: string) => `${text}.`,
    ),
  },
);

/** A signed text: mostly by the key that its header names. */
function signed(
  header: fc.Arbitrary<Members>,
  claims: fc.Arbitrary<Members>,
  receiving = changing,
): fc.Arbitrary<string> {
  const signer = fc.oneof(
    { weight: 12, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constantFrom('k1', 'k2', 'stranger', 'root') },
  );
  return fc.tuple(header, claims, signer, rewriting, receiving).map(([head, body, by, written, received]) => {
    const encode = (text: string): string => Buffer.from(text).toString('base64url');
    const input = `${encode(JSON.stringify(head))}.${encode(written(JSON.stringify(body)))}`;
    const key = KEYS[by ?? String(head.kid)] ?? KEYS.stranger!;
    return received(`${input}.${sign(null, Buffer.from(input), key).toString('base64url')}`);
  });
}

/** A list in which each token of a byte has the same status, so that the index matters only at the end. */
function statusList(uri: string): fc.Arbitrary<string> {
  const list = fc
    .record({ bits: fc.constantFrom(1, 2, 4, 8), fill: fc.constantFrom(0, 0, 0, 0x55, 0xaa, 0xff, 0x11) })
    .map(({ bits, fill }) => ({
      bits,
      lst: deflateSync(Buffer.alloc((64 * bits) / 8, fill)).toString('base64url'),
    }));
  const claims = list.chain((status_list) =>
    claimsOf(
      { sub: uri, iat: NOW - 3600, exp: NOW + 3_000_000, ttl: 7200, status_list },
      {
        sub: fc.constantFrom(`${uri}/`, SEATS_URI),
        iat: second,
        exp: second,
        ttl: fc.constantFrom(1, 300, 3599, 3600, 3601, 0),
        status_list: wrong,
        later: wrong,
      },
    ),
  );
  return signed(headerOf('statuslist+jwt'), claims);
}

const activation: fc.Arbitrary<VectorActivation> = fc.record(
  {
    token: signed(
      headerOf('aegis-activation+jwt'),
      fc.boolean().chain((isOffline) =>
        claimsOf(
          {
            iss: 'https://license.example',
            jti: '7d3f5c52-1f0e-4b5e-9d0c-2a1b3c4d5e6f',
            sub: LICENSE_ID,
            fp: sha256(`${LICENSE_ID}:machine-1`),
            fence: 1,
            iat: NOW - 600,
            exp: NOW + 600,
            status: { status_list: { idx: 5, uri: SEATS_URI } },
            ...(isOffline && { nonce: NONCE }),
          },
          {
            iss: fc.constantFrom('https://former.example', 'https://elsewhere.example'),
            sub: fc.constantFrom(LICENSE_ID.toUpperCase(), '11111111-2222-4333-8444-555555555555', 'x'),
            fp: fc.constantFrom(sha256('x'), 'x'),
            fence: fc.constantFrom(0, 2 ** 53),
            iat: second,
            exp: second,
            nonce: fc.constantFrom('00112233445566fe', 'x'),
            later: wrong,
          },
        ),
      ),
    ),
    fingerprint: fc.constantFrom('machine-1', 'machine-1', 'machine-1', 'Machine-1', 'Büro 🚀'),
    nonce: fc.constantFrom(NONCE, NONCE, 'ffeeddccbbaa9988'),
    status_list: statusList(SEATS_URI),
  },
  { requiredKeys: ['token', 'fingerprint'] },
);

const pinned = fc.subarray(['k1', 'k2'], { minLength: 1 }).map((kids) => kids.map(jwk));
const keySet = fc
  .record({
    content: claimsOf(
      {
        iat: NOW - 10_000,
        exp: NOW + 10_000_000,
        keys: [jwk('k1'), jwk('k2')],
        compromised: [{ kid: 'stolen', at: NOW - 20_000, after: null }],
      },
      { iat: second, exp: second, keys: wrong, compromised: wrong, later: wrong },
    ),
    signer: fc.constantFrom('root', 'root', 'root', 'root', 'root', 'stranger'),
  })
  .map(({ content, signer }) => {
    const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const input = `${encode({ alg: 'EdDSA', typ: 'jwk-set+jwt', kid: 'root' })}.${encode(content)}`;
    const { kid: _, ...root } = jwk('root');
    return {
      key_set: `${input}.${sign(null, Buffer.from(input), KEYS[signer]!).toString('base64url')}`,
      root,
    };
  });

/**
 * Questions to a verifier: most of them nearly valid, so that the later checks are reached.
 */
export const randomQuestion: fc.Arbitrary<RandomQuestion> = fc
  .record({
    token: signed(
      headerOf('JWT'),
      fc.constantFrom(...LICENSES).chain((one) => claimsOf(one, LICENSE_CLAIMS)),
      pasting,
    ),
    question: fc.record({
      module: fc.constantFrom(...Array.from({ length: 9 }, () => 'payroll'), 'Payroll'),
      version: fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom('17', '17.0.1.2', 'saas~18.1', '17alpha') },
        { weight: 1, arbitrary: fc.constantFrom('017', '１７', '16.0', '') },
      ),
      instance: fc.constantFrom(
        INSTANCE,
        INSTANCE,
        null,
        { ...INSTANCE, domain: '' },
        { ...INSTANCE, db_uuid: 'x' },
      ),
    }),
    issuers: fc.constantFrom(
      ['https://license.example'],
      ['https://former.example', 'https://license.example'],
    ),
    keys: fc.oneof({ weight: 3, arbitrary: pinned }, { weight: 2, arbitrary: keySet }),
    now: second,
    max_offline: rarely(fc.constantFrom(1, 3599, 3600, 3601, 86_400)),
    status_list: often(statusList(URI)),
    guard: rarely(
      fc.oneof(
        fc.constant(null),
        fc.record({
          trusted_at: nearby.map(at),
          seen_at: fc.oneof(nearby.map(at), fc.constant(4_070_908_800)),
        }),
      ),
    ),
    activation: often(activation),
  })
  // As it is read from JSON: with the prototype of objects.
  .map((asked) => JSON.parse(JSON.stringify(asked)) as RandomQuestion);

function at(offset: number): number {
  return NOW + offset;
}

function often<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(value, { nil: undefined, freq: 2 });
}

function rarely<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
}

function jwk(kid: string): KeySetKey {
  const { x } = KEYS[kid]!.export({ format: 'jwk' });
  return { kty: 'OKP', crv: 'Ed25519', x: String(x), kid };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
