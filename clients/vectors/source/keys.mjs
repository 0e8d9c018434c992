// The keys that sign vectors. They are made from their names, so everyone has them: no program may trust them.
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';

/** PKCS #8 of an Ed25519 key up to its 32 bytes (RFC 8410 section 7). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * @typedef {object} TestKey
 * @property {string} kid
 * @property {{ kty: string, crv: string, x: string }} jwk its public half
 * @property {(text: string) => Buffer} sign
 */

/**
 * @param {string} kid
 * @returns {TestKey}
 */
function testKey(kid) {
  const seed = createHash('sha256').update(`AEGIS test vectors: ${kid}`).digest();
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
  const { kty, crv, x } = createPublicKey(key).export({ format: 'jwk' });
  return { kid, jwk: { kty, crv, x }, sign: (text) => sign(null, Buffer.from(text), key) };
}

/** Signs licenses. */
export const FIRST = testKey('vendor-1');
/** Signs licenses after a rotation. */
export const SECOND = testKey('vendor-2');
/** Was compromised: key sets say so. */
export const STOLEN = testKey('vendor-stolen');
/** Nobody trusts it. */
export const STRANGER = testKey('stranger');
/** Signs key sets; installations pin it. */
export const ROOT = testKey('root-1');
/** Signs key sets of somebody else. */
export const OTHER_ROOT = testKey('root-2');

/** @param {TestKey} key */
export const jwkWithKid = ({ kid, jwk }) => ({ ...jwk, kid });
