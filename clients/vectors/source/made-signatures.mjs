// Signatures that no library makes: R, S and the key are chosen, and the text is varied until they suit it.
import {
  add,
  BASE,
  challenge,
  encoded,
  L,
  littleEndian,
  multiply,
  NEUTRAL,
  numberOf,
  withY,
} from './ed25519.mjs';
import { LICENSE, base64url } from './texts.mjs';

/** A private key, and a number that a signature is begun with: any will do, and all may know them. */
export const SECRET = 0x1ce_c0ffee_1ce_c0ffee_1ce_c0ffee_1ce_c0ffee_1ce_c0ffee_1ce_c0ffeen;
const BEGINNING = 0x5eed_5eed_5eed_5eed_5eed_5eed_5eed_5eed_5eed_5eed_5eed_5eed_5eedn;

const EIGHTH = withY(
  numberOf(Buffer.from('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 'hex')),
);
/** The points of small order: `TORSION[n]` is n times one of order 8. */
export const TORSION = Array.from({ length: 8 }, (_, times) => encoded(multiply(BigInt(times), EIGHTH)));

const KEY_POINT = multiply(SECRET, BASE);
const BEGINNING_POINT = multiply(BEGINNING, BASE);
/** The public key of `SECRET`. */
export const SOUND_KEY = encoded(KEY_POINT);
/** The same and a point of order 8: only those who know `SECRET` can sign for it. */
export const MIXED_KEY = encoded(add(KEY_POINT, EIGHTH));
export const SOUND_R = encoded(BEGINNING_POINT);
/** The same and three times the point of order 8. */
export const MIXED_R = encoded(add(BEGINNING_POINT, multiply(3n, EIGHTH)));
export const NEUTRAL_POINT = encoded(NEUTRAL);

/** S by which the equation holds for a key of `SECRET`, with an R that has `BEGINNING` in it. */
export const holding = (k) => (BEGINNING + k * SECRET) % L;
/** The same for an R of small order. */
export const holdingAlone = (k) => (k * SECRET) % L;
/** The same for a key of small order, which adds nothing or only such a point. */
export const holdingWithoutKey = () => BEGINNING;

/** @param {Buffer} key 32 bytes */
export const jwkOf = (key, kid = 'vendor-1') => ({ kty: 'OKP', crv: 'Ed25519', x: base64url(key), kid });

/**
 * A signed text. Its claim `rev` is the first number from 1 on by which the text suits.
 * @param {Buffer} key the public key
 * @param {Buffer} r the first half of the signature
 * @param {(k: bigint) => bigint} s the number of its second half, for what the text multiplies the key by
 * @param {(k: bigint) => boolean} [suits]
 * @param {object} [header]
 * @param {object} [claims]
 */
export function madeText(key, r, s, suits = () => true, header = {}, claims = LICENSE) {
  const head = base64url(JSON.stringify({ alg: 'EdDSA', typ: 'JWT', kid: 'vendor-1', ...header }));
  for (let rev = 1; ; rev += 1) {
    const input = `${head}.${base64url(JSON.stringify({ ...claims, rev }))}`;
    const k = challenge(r, key, input);
    if (suits(k)) return `${input}.${base64url(Buffer.concat([r, littleEndian(s(k))]))}`;
  }
}
