import type { KeyObject } from 'node:crypto';

/**
 * The points of small order of Ed25519's curve as public keys spell them, non-canonical spellings included, in hex
 * without the sign (RFC 8032 section 5.1.2; the list is libsodium's).
 */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

/**
 * Whether anybody can write down signatures that hold under an Ed25519 public key, though nobody has its private key:
 * its point is of small order. No key pair that was ever generated has such a key.
 */
export function isWeakPublicKey(publicKey: KeyObject): boolean {
  const bytes = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const last = bytes.at(-1);
  if (last === undefined) return false;
  bytes[bytes.length - 1] = last & 0x7f;
  return SMALL_ORDER.has(bytes.toString('hex'));
}
