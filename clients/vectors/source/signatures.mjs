// Keys and signatures that libraries judge differently: points of small and of mixed order, other spellings of a point or
// of S, and keys that are no point. Each equation is written out, so that a check that is missing lets the text pass.
import { refused, SIGNATURE_INVALID, UNKNOWN_KEY, VALID } from './answers.mjs';
import { L, littleEndian } from './ed25519.mjs';
import { FIRST, jwkWithKid, ROOT, SECOND } from './keys.mjs';
import { LIST, statusList } from './lists.mjs';
import {
  holding,
  holdingAlone,
  holdingWithoutKey,
  jwkOf,
  madeText,
  MIXED_KEY,
  MIXED_R,
  NEUTRAL_POINT,
  SOUND_KEY,
  SOUND_R,
  TORSION,
} from './made-signatures.mjs';
import { ACTIVATION, activationToken, FLOATING } from './seats.mjs';
import { keySet, license } from './texts.mjs';
import { vector } from './vector.mjs';

const hex = (text) => Buffer.from(text, 'hex');
const multipleOf = (order) => (k) => k % BigInt(order) === 0n;
const pinned = (key) => [jwkOf(key)];

/** Each spelling of a point of small order that some library reads: the highest bit is the sign of x. */
const WEAK_KEYS = [
  ['1', 1, TORSION[0]],
  ['1-sign', 1, hex(`01${'00'.repeat(30)}80`)],
  ['1-second-form', 1, hex(`ee${'ff'.repeat(30)}7f`)],
  ['1-second-form-sign', 1, hex(`ee${'ff'.repeat(30)}ff`)],
  ['2', 2, TORSION[4]],
  ['2-sign', 2, hex(`ec${'ff'.repeat(30)}ff`)],
  ['4', 4, TORSION[2]],
  ['4-sign', 4, TORSION[6]],
  ['4-second-form', 4, hex(`ed${'ff'.repeat(30)}7f`)],
  ['4-second-form-sign', 4, hex(`ed${'ff'.repeat(30)}ff`)],
  ['8', 8, TORSION[1]],
  ['8-sign', 8, TORSION[7]],
  ['8-other', 8, TORSION[3]],
  ['8-other-sign', 8, TORSION[5]],
];

const weakKeys = WEAK_KEYS.map(([id, order, key]) =>
  vector(
    `signature-small-order-holds-${id}`,
    `A key of order ${order}, and a signature that holds for this text: nobody needs a private key`,
    { token: madeText(key, SOUND_R, holdingWithoutKey, multipleOf(order)), keys: pinned(key) },
    SIGNATURE_INVALID,
  ),
);

/** k times the key of `MIXED_KEY` is k mod 8 times the point of order 8, and R must take that away. */
const takesAway = (times) => (k) => (k + BigInt(times)) % 8n === 0n;
const weakRs = [
  ['1', 'the neutral point', SOUND_KEY, NEUTRAL_POINT, undefined],
  ['1-sign', 'the neutral point with the sign of x', SOUND_KEY, hex(`01${'00'.repeat(30)}80`), undefined],
  ['1-second-form', 'the neutral point as 2^255 - 18', SOUND_KEY, hex(`ee${'ff'.repeat(30)}7f`), undefined],
  ['2', 'of order 2', MIXED_KEY, TORSION[4], takesAway(4)],
  ['2-sign', 'of order 2 with the sign of x', MIXED_KEY, hex(`ec${'ff'.repeat(30)}ff`), takesAway(4)],
  ['4', 'of order 4', MIXED_KEY, TORSION[2], takesAway(2)],
  ['4-sign', 'of order 4, the other one', MIXED_KEY, TORSION[6], takesAway(6)],
  ['4-second-form', 'of order 4 as 2^255 - 19', MIXED_KEY, hex(`ed${'ff'.repeat(30)}7f`), takesAway(2)],
  ['8', 'of order 8', MIXED_KEY, TORSION[1], takesAway(1)],
  ['8-sign', 'of order 8, with the sign of x', MIXED_KEY, TORSION[7], takesAway(7)],
  ['8-other', 'of order 8, another one', MIXED_KEY, TORSION[3], takesAway(3)],
  ['8-other-sign', 'of order 8, another one with the sign of x', MIXED_KEY, TORSION[5], takesAway(5)],
].map(([id, which, key, r, suits]) =>
  vector(
    `signature-small-order-r-${id}`,
    `R is ${which}, and the equation holds for the point`,
    { token: madeText(key, r, holdingAlone, suits), keys: pinned(key) },
    SIGNATURE_INVALID,
  ),
);

const made = (key, r, suits) => ({ token: madeText(key, r, holding, suits), keys: pinned(key) });
/** S of a signature that holds, and so many times the order of the base point. */
const raised = (times) => ({
  token: madeText(SOUND_KEY, SOUND_R, (k) => holding(k) + times * L),
  keys: pinned(SOUND_KEY),
});

const equations = [
  ['made-by-hand', 'As the others here, with nothing wrong', made(SOUND_KEY, SOUND_R), VALID],
  [
    'mixed-key',
    'The key has a part of order 8, which k takes away: the equation holds',
    made(MIXED_KEY, SOUND_R, multipleOf(8)),
    VALID,
  ],
  [
    'mixed-key-cofactor',
    'The key has a part of order 8: the equation holds only if both sides are multiplied by 8',
    made(MIXED_KEY, SOUND_R, (k) => k % 8n === 4n),
    SIGNATURE_INVALID,
  ],
  [
    'mixed-r-cofactor',
    'R has a part of order 8: the equation holds only if both sides are multiplied by 8',
    made(SOUND_KEY, MIXED_R),
    SIGNATURE_INVALID,
  ],
  [
    'mixed-key-and-r',
    'Key and R have parts of order 8, which take each other away: the equation holds',
    made(MIXED_KEY, MIXED_R, takesAway(3)),
    VALID,
  ],
  ['malleable-twice', 'S + 2 L in place of S', raised(2n), SIGNATURE_INVALID],
  ['malleable-8-times', 'S + 8 L in place of S, which has its highest bit', raised(8n), SIGNATURE_INVALID],
].map(([id, description, parts, expect]) => vector(`signature-${id}`, description, parts, expect));

/** y = 2, for which the curve has no x. */
const OFF_CURVE = littleEndian(2n);
/** y = 3, for which it has one, written as 2^255 - 16. */
const SECOND_FORM = littleEndian(2n ** 255n - 16n);
const signed = license({}, { kid: 'vendor-2' });
const trusting = (second, root = ROOT.jwk) => ({
  key_set: keySet({ iat: 1799996400, exp: 1831532400, keys: [jwkWithKid(FIRST), second], compromised: [] }),
  root,
});

const noPoints = [
  ['off-curve', 'that is no point of the curve', OFF_CURVE],
  ['second-form', 'whose y is written with 2^255 - 19 added', SECOND_FORM],
  ['all-bits', 'of which every bit is 1', hex('ff'.repeat(32))],
].flatMap(([id, which, x]) => [
  vector(
    `key-${id}`,
    `A pinned key ${which}: it verifies nothing`,
    { token: signed, keys: [jwkWithKid(FIRST), jwkOf(x, 'vendor-2')] },
    SIGNATURE_INVALID,
  ),
  vector(
    `key-${id}-other-key`,
    `Next to a pinned key ${which}, the others verify`,
    { token: license(), keys: [jwkOf(x, 'vendor-2'), jwkWithKid(FIRST)] },
    VALID,
  ),
  vector(
    `key-set-key-${id}`,
    `A key set with a key ${which}: by that key nothing is verified`,
    { token: signed, keys: trusting(jwkOf(x, 'vendor-2')) },
    SIGNATURE_INVALID,
  ),
  vector(
    `key-set-key-${id}-other-key`,
    `A key set with a key ${which}: the others verify`,
    { token: license(), keys: trusting(jwkOf(x, 'vendor-2')) },
    VALID,
  ),
  vector(
    `key-set-refused-root-${id}`,
    `A pinned root key ${which}: no key set is trusted`,
    { token: license(), keys: trusting(jwkWithKid(SECOND), jwkOf(x, 'root-1')) },
    UNKNOWN_KEY,
  ),
  vector(
    `list-invalid-key-${id}`,
    `A list of a key ${which}`,
    {
      token: license(),
      keys: [jwkWithKid(FIRST), jwkOf(x, 'vendor-2')],
      status_list: statusList({}, { kid: 'vendor-2' }),
    },
    refused('STATUS_LIST_INVALID'),
  ),
  vector(
    `activation-invalid-key-${id}`,
    `An activation of a key ${which}`,
    {
      token: license(FLOATING),
      keys: [jwkWithKid(FIRST), jwkOf(x, 'vendor-2')],
      activation: { token: activationToken({}, { kid: 'vendor-2' }), fingerprint: 'machine-1' },
    },
    refused('ACTIVATION_INVALID'),
  ),
]);

const WEAK = TORSION[1];
/** A text of another kind that a key of order 8 signs: it holds. */
const madeWeak = (typ, claims) =>
  madeText(WEAK, SOUND_R, holdingWithoutKey, multipleOf(8), { typ, kid: 'vendor-2' }, claims);
const withWeak = [jwkWithKid(FIRST), jwkOf(WEAK, 'vendor-2')];
const others = [
  vector(
    'list-invalid-small-order',
    'A list of a key of order 8, and a signature that holds',
    { token: license(), keys: withWeak, status_list: madeWeak('statuslist+jwt', LIST) },
    refused('STATUS_LIST_INVALID'),
  ),
  vector(
    'activation-invalid-small-order',
    'An activation of a key of order 8, and a signature that holds',
    {
      token: license(FLOATING),
      keys: withWeak,
      activation: { token: madeWeak('aegis-activation+jwt', ACTIVATION), fingerprint: 'machine-1' },
    },
    refused('ACTIVATION_INVALID'),
  ),
  ...WEAK_KEYS.map(([id, order, key]) =>
    vector(
      `key-set-refused-small-order-${id}`,
      `A key of order ${order} among the keys`,
      { token: license(), keys: trusting(jwkOf(key, 'vendor-2')) },
      UNKNOWN_KEY,
    ),
  ),
];

export default [...weakKeys, ...weakRs, ...equations, ...noPoints, ...others];
