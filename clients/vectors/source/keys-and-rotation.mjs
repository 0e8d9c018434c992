// Pinned keys: several at a time, new ones before they sign, old ones after it.
import { SIGNATURE_INVALID, UNKNOWN_KEY, VALID } from './answers.mjs';
import { FIRST, jwkWithKid, SECOND, STOLEN, STRANGER } from './keys.mjs';
import { statusList } from './lists.mjs';
import { activationToken, FLOATING, HELD } from './seats.mjs';
import { license } from './texts.mjs';
import { vector } from './vector.mjs';

const first = jwkWithKid(FIRST);
const second = jwkWithKid(SECOND);
const both = [first, second];
const byFirst = license();
const bySecond = license({}, {}, SECOND);
const fresh = { ...VALID, revocation: 'fresh' };

export default [
  ['before-rotation', 'The second key is published before it signs', { token: byFirst, keys: both }, VALID],
  ['after-rotation', 'The second key signs', { token: bySecond, keys: both }, VALID],
  ['order', 'The order of keys does not matter', { token: byFirst, keys: [second, first] }, VALID],
  [
    'old-client',
    'A client that has only the first key does not know the second',
    { token: bySecond, keys: [first] },
    UNKNOWN_KEY,
  ],
  [
    'new-client',
    'A client that has only the second key does not know the first',
    { token: byFirst, keys: [second] },
    UNKNOWN_KEY,
  ],
  [
    'removed',
    'A compromised key was removed from the pinned keys: nothing else says that it is one',
    { token: license({}, {}, STOLEN), keys: both },
    UNKNOWN_KEY,
  ],
  [
    'kid-exchanged',
    'Two keys under each other’s kid',
    {
      token: byFirst,
      keys: [
        { ...SECOND.jwk, kid: 'vendor-1' },
        { ...FIRST.jwk, kid: 'vendor-2' },
      ],
    },
    SIGNATURE_INVALID,
  ],
  [
    'kid-renamed',
    'The same key under another kid: the kid decides',
    { token: byFirst, keys: [{ ...FIRST.jwk, kid: 'vendor-3' }] },
    UNKNOWN_KEY,
  ],
  [
    'same-key-twice',
    'One key under two kids',
    { token: byFirst, keys: [{ ...FIRST.jwk, kid: 'vendor-3' }, first] },
    VALID,
  ],
  [
    'jwk-members',
    'Members of a JWK that are not needed',
    { token: byFirst, keys: [{ ...first, use: 'sig', alg: 'EdDSA', key_ops: ['verify'], later: { x: 1 } }] },
    VALID,
  ],
  [
    'jwk-alg-ed25519',
    'A JWK with the name of RFC 9864 for the algorithm',
    { token: byFirst, keys: [{ ...first, use: 'sig', alg: 'Ed25519' }] },
    VALID,
  ],
  ['many', 'Many keys', { token: bySecond, keys: [...many(), second] }, VALID],
  [
    'list-by-new-key',
    'A license of the first key, and a list of the second',
    { token: byFirst, keys: both, status_list: statusList({}, {}, SECOND) },
    fresh,
  ],
  [
    'list-by-old-key',
    'A license of the second key, and a list of the first',
    { token: bySecond, keys: both, status_list: statusList() },
    fresh,
  ],
  [
    'activation-by-new-key',
    'A license of the first key, and an activation of the second',
    {
      token: license(FLOATING),
      keys: both,
      activation: { token: activationToken({}, {}, SECOND), fingerprint: 'machine-1' },
    },
    { ...VALID, activation: HELD },
  ],
  [
    'longest-kid',
    'A kid of 50 characters',
    {
      token: license({}, { kid: `k${'.'.repeat(49)}` }),
      keys: [{ ...FIRST.jwk, kid: `k${'.'.repeat(49)}` }],
    },
    VALID,
  ],
].map(([id, description, parts, expect]) => vector(`keys-${id}`, description, parts, expect));

function many() {
  return Array.from({ length: 100 }, (_, number) => ({ ...STRANGER.jwk, kid: `former-${number}` }));
}
