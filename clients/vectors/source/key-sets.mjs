// Signed key sets: which are trusted, and until when.
import { KEY_COMPROMISED, MALFORMED, refused, SIGNATURE_INVALID, UNKNOWN_KEY, VALID } from './answers.mjs';
import { FIRST, jwkWithKid, OTHER_ROOT, ROOT, SECOND, STOLEN, STRANGER } from './keys.mjs';
import { listing } from './lists.mjs';
import { activationToken, FLOATING } from './seats.mjs';
import { jws, keySet, license } from './texts.mjs';
import { vector } from './vector.mjs';

/** Made an hour before `NOW`, for 365 days. */
const CONTENT = {
  iat: 1799996400,
  exp: 1831532400,
  keys: [jwkWithKid(FIRST), jwkWithKid(SECOND)],
  compromised: [
    { kid: 'vendor-stolen', at: 1799000000, after: null },
    { kid: 'vendor-stolen-late', at: 1799000000, after: 1798000000 },
  ],
};
const HEADER = { alg: 'EdDSA', typ: 'jwk-set+jwt', kid: 'root-1' };
const set = (content = {}, header = {}, root = ROOT) => ({
  key_set: keySet({ ...CONTENT, ...content }, header, root),
  root: ROOT.jwk,
});
const asText = (text) => ({ key_set: text, root: ROOT.jwk });
const token = license();
const perpetual = license({ license_type: 'perpetual', exp: undefined });
const never = { ...VALID, license_type: 'perpetual', expires_at: null };
const [head, body, signature] = keySet(CONTENT).split('.');

const trusted = [
  ['first-key', 'A license of the first key', { token, keys: set() }, VALID],
  ['second-key', 'A license of the second key', { token: license({}, {}, SECOND), keys: set() }, VALID],
  [
    'unknown-kid',
    'A license of a key that is not in it',
    { token: license({}, {}, STRANGER), keys: set() },
    UNKNOWN_KEY,
  ],
  [
    'root-is-no-signer',
    'A license signed by the root key, under its kid',
    { token: license({}, {}, ROOT), keys: set() },
    UNKNOWN_KEY,
  ],
  [
    'forged',
    'A forged license',
    { token: license({}, { kid: 'vendor-1' }, STRANGER), keys: set() },
    SIGNATURE_INVALID,
  ],
  [
    'compromised',
    'A license of a compromised key',
    { token: license({}, {}, STOLEN), keys: set() },
    KEY_COMPROMISED,
  ],
  [
    'compromised-after',
    'A key that was compromised after a time: offline, no iat shows that a license is older',
    { token: license({ iat: 1700000000 }, { kid: 'vendor-stolen-late' }, STOLEN), keys: set() },
    KEY_COMPROMISED,
  ],
  [
    'compromised-any-signature',
    'Under the kid of a compromised key the signature is not judged: its public half is not in the key set',
    { token: license({}, { kid: 'vendor-stolen' }, STRANGER), keys: set() },
    KEY_COMPROMISED,
  ],
  [
    'compromised-malformed',
    'Of a compromised key, and a claim is missing',
    { token: license({ iss: undefined }, {}, STOLEN), keys: set() },
    MALFORMED,
  ],
  [
    'kid-50',
    'A kid of 50 characters',
    {
      token: license({}, { kid: `k${'._-'.repeat(16)}k` }),
      keys: set({ keys: [{ ...FIRST.jwk, kid: `k${'._-'.repeat(16)}k` }] }),
    },
    VALID,
  ],
  [
    'use-and-alg',
    'Keys that say what they are for',
    {
      token,
      keys: set({
        keys: [
          { ...jwkWithKid(FIRST), use: 'sig', alg: 'Ed25519' },
          { ...jwkWithKid(SECOND), alg: 'EdDSA' },
        ],
      }),
    },
    VALID,
  ],
  ['made-later', 'A key set that was made after now', { token, keys: set({ iat: 1800086400 }) }, VALID],
  ['no-keys', 'A key set without keys', { token, keys: set({ keys: [] }) }, UNKNOWN_KEY],
  [
    'unknown-members',
    'Members that nobody knows',
    { token, keys: set({ later: 1, keys: CONTENT.keys.map((key) => ({ ...key, jkt: 'x' })) }) },
    VALID,
  ],
  [
    'alg-ed25519',
    'The name of RFC 9864 for the algorithm',
    { token, keys: set({}, { alg: 'Ed25519' }) },
    VALID,
  ],
  [
    'typ-media-type',
    'typ as a whole media type',
    { token, keys: set({}, { typ: 'application/jwk-set+jwt' }) },
    VALID,
  ],
  [
    'root-kid',
    'The kid of the root key does not matter: it is pinned',
    { token, keys: set({}, { kid: 'some-root' }) },
    VALID,
  ],
  [
    'key-of-activation-compromised',
    'An activation of a compromised key',
    {
      token: license(FLOATING),
      keys: set(),
      activation: { token: activationToken({}, {}, STOLEN), fingerprint: 'machine-1' },
    },
    refused('ACTIVATION_INVALID'),
  ],
  [
    'list-by-key-set',
    'A list of a key that is in it',
    { token, keys: set(), status_list: listing(1) },
    refused('REVOKED', { revocation: 'fresh' }),
  ],
];

const ends = [
  ['end-second-before', 'In the second before its exp', { token: perpetual, now: 1831532399 }, never],
  ['end-at', 'In the second of its exp no key counts', { token: perpetual, now: 1831532400 }, UNKNOWN_KEY],
  ['end-second-after', 'After its exp', { token: perpetual, now: 1831532401 }, UNKNOWN_KEY],
  [
    'end-compromised',
    'A compromised key stays compromised after its exp',
    { token: license({}, {}, STOLEN), now: 1831532400 },
    KEY_COMPROMISED,
  ],
  [
    'end-malformed',
    'A text that is not a token is not one after its exp',
    { token: 'license', now: 1831532400 },
    MALFORMED,
  ],
  [
    'end-forged',
    'After its exp, no signature is judged',
    { token: license({}, { kid: 'vendor-1' }, STRANGER), now: 1831532400 },
    UNKNOWN_KEY,
  ],
].map(([id, description, parts, expect]) => [id, description, { keys: set(), ...parts }, expect]);

const untrusted = [
  ['wrong-root', 'Signed by another root', set({}, {}, OTHER_ROOT)],
  [
    'wrong-root-same-kid',
    'Signed by another root, under the kid of the pinned one',
    set({}, { kid: 'root-1' }, OTHER_ROOT),
  ],
  ['by-signing-key', 'Signed by a key that signs licenses', set({}, {}, FIRST)],
  [
    'changed',
    'A compromised key was removed after signing',
    asText(
      `${head}.${Buffer.from(JSON.stringify({ ...CONTENT, compromised: [] })).toString('base64url')}.${signature}`,
    ),
  ],
  ['cut', 'Two parts', asText(`${head}.${body}`)],
  ['empty', 'No text', asText('')],
  ['plain', 'A plain JWKS, which nobody signed', asText(JSON.stringify({ keys: CONTENT.keys }))],
  ['white-space', 'A line break after it', asText(`${keySet(CONTENT)}\n`)],
  ['typ-license', 'The typ of a license', set({}, { typ: 'JWT' })],
  ['typ-missing', 'No typ', set({}, { typ: undefined })],
  ['alg-none', 'alg none', set({}, { alg: 'none' })],
  ['alg-hs256', 'alg HS256', set({}, { alg: 'HS256' })],
  ['no-kid', 'No kid', set({}, { kid: undefined })],
  ['crit', 'crit', set({}, { crit: ['exp'] })],
  ['iat-missing', 'No iat', set({ iat: undefined })],
  ['exp-missing', 'No exp', set({ exp: undefined })],
  ['exp-null', 'exp: null', set({ exp: null })],
  ['exp-text', 'exp as a text', set({ exp: '1831532400' })],
  ['exp-before-iat', 'It ends before it was made', set({ exp: 1799996399 })],
  ['exp-at-iat', 'It ends when it was made', set({ exp: 1799996400 })],
  [
    'exp-at-iat-later',
    'It is made after now, and ends in the same second',
    set({ iat: 1831532400, exp: 1831532400 }),
  ],
  [
    'compromised-twice',
    'A compromised kid twice',
    set({ compromised: [...CONTENT.compromised, { kid: 'vendor-stolen', at: 1799000001, after: null }] }),
  ],
  [
    'compromised-kid-form',
    'A compromised kid that begins with a hyphen',
    set({ compromised: [{ kid: '-stolen', at: 1799000000, after: null }] }),
  ],
  [
    'compromised-after-text',
    'A compromised key with a text for after',
    set({ compromised: [{ kid: 'vendor-stolen', at: 1799000000, after: 'x' }] }),
  ],
  [
    'compromised-at-null',
    'A compromised key with at: null',
    set({ compromised: [{ kid: 'vendor-stolen', at: null, after: null }] }),
  ],
  ['key-use-null', 'A key with use: null', set({ keys: [{ ...jwkWithKid(FIRST), use: null }] })],
  ['key-alg-null', 'A key with alg: null', set({ keys: [{ ...jwkWithKid(FIRST), alg: null }] })],
  ['key-d-null', 'A key with d: null', set({ keys: [{ ...jwkWithKid(FIRST), d: null }] })],
  ['key-padding', 'A key with padding', set({ keys: [{ ...jwkWithKid(FIRST), x: `${FIRST.jwk.x}=` }] })],
  [
    'key-long',
    'A key of 33 bytes',
    set({ keys: [jwkWithKid(FIRST), { ...SECOND.jwk, x: `${'A'.repeat(44)}`, kid: 'vendor-2' }] }),
  ],
  ['key-line-break', 'A line break after a kid', set({ keys: [{ ...FIRST.jwk, kid: 'vendor-1\n' }] })],
  ['exp-year-10000', 'It ends in the year 10000', set({ exp: 253402300800 })],
  ['keys-missing', 'No keys', set({ keys: undefined })],
  ['keys-object', 'keys is an object', set({ keys: {} })],
  ['compromised-missing', 'It does not say which keys are compromised', set({ compromised: undefined })],
  ['compromised-null', 'compromised: null', set({ compromised: null })],
  ['compromised-text', 'A compromised key that is only a kid', set({ compromised: ['vendor-stolen'] })],
  [
    'compromised-no-time',
    'A compromised key without the time at which that was said',
    set({ compromised: [{ kid: 'vendor-stolen', after: null }] }),
  ],
  [
    'compromised-no-after',
    'A compromised key without after',
    set({ compromised: [{ kid: 'vendor-stolen', at: 1799000000 }] }),
  ],
  ['kid-twice', 'A kid twice', set({ keys: [jwkWithKid(FIRST), { ...SECOND.jwk, kid: 'vendor-1' }] })],
  [
    'kid-twice-compromised',
    'A kid among the keys and among the compromised ones',
    set({ compromised: [{ kid: 'vendor-1', at: 1799000000, after: null }] }),
  ],
  [
    'kid-form',
    'A kid that begins with a dot',
    set({ keys: [jwkWithKid(FIRST), { ...SECOND.jwk, kid: '.hidden' }] }),
  ],
  [
    'kid-51',
    'A kid of 51 characters',
    set({ keys: [jwkWithKid(FIRST), { ...SECOND.jwk, kid: 'k'.repeat(51) }] }),
  ],
  ['key-no-kid', 'A key without kid', set({ keys: [jwkWithKid(FIRST), SECOND.jwk] })],
  [
    'key-other-curve',
    'A key of another curve',
    set({ keys: [jwkWithKid(FIRST), { ...SECOND.jwk, crv: 'Ed448', kid: 'vendor-2' }] }),
  ],
  [
    'key-other-kind',
    'A key of another kind',
    set({ keys: [jwkWithKid(FIRST), { ...SECOND.jwk, kty: 'EC', kid: 'vendor-2' }] }),
  ],
  ['key-private', 'A private key', set({ keys: [{ ...jwkWithKid(FIRST), d: FIRST.jwk.x }] })],
  ['key-to-encrypt', 'A key to encrypt with', set({ keys: [{ ...jwkWithKid(FIRST), use: 'enc' }] })],
  ['key-other-alg', 'A key for another algorithm', set({ keys: [{ ...jwkWithKid(FIRST), alg: 'ES256' }] })],
  [
    'key-short',
    'A key of 31 bytes',
    set({ keys: [jwkWithKid(FIRST), { ...SECOND.jwk, x: SECOND.jwk.x.slice(0, 42), kid: 'vendor-2' }] }),
  ],
  [
    'key-spare-bits',
    'A key whose text has spare bits',
    set({ keys: [jwkWithKid(FIRST), { ...SECOND.jwk, x: `${'A'.repeat(42)}B`, kid: 'vendor-2' }] }),
  ],
  [
    'key-small-order',
    'A key that anyone can sign for, among others',
    set({ keys: [jwkWithKid(FIRST), { ...SECOND.jwk, x: `AQ${'A'.repeat(41)}`, kid: 'vendor-2' }] }),
  ],
  [
    'doubled-name',
    'A name twice',
    asText(jws(HEADER, JSON.stringify(CONTENT).replace('{', '{"iat":1799996400,'), ROOT)),
  ],
  [
    'depth-17',
    '17 levels deep',
    asText(
      jws(HEADER, JSON.stringify(CONTENT).replace('{', `{"x":${'['.repeat(16)}${']'.repeat(16)},`), ROOT),
    ),
  ],
  ['too-long', 'More than 131,072 characters', set({ later: 'x'.repeat(98_304) })],
];

export default [
  ...[...trusted, ...ends].map(([id, description, parts, expect]) =>
    vector(`key-set-${id}`, description, parts, expect),
  ),
  ...untrusted.map(([id, description, keys]) =>
    vector(`key-set-refused-${id}`, description, { token, keys }, UNKNOWN_KEY),
  ),
  vector(
    'key-set-refused-compromised',
    'What a key set that is not trusted says of compromised keys does not count',
    { token: license({}, {}, STOLEN), keys: set({}, {}, OTHER_ROOT) },
    UNKNOWN_KEY,
  ),
  vector(
    'key-set-refused-malformed',
    'A text that is not a token, and a key set that is not trusted',
    { token: 'license', keys: asText('') },
    MALFORMED,
  ),
];
