import type { KeyObject } from 'node:crypto';

/** 32 bytes in base64url: the last character has two spare bits. */
const CANONICAL = /^[\w-]{42}[AEIMQUYcgkosw048]$/;

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
  return isOfSmallOrder(publicKey.export({ format: 'jwk' }).x ?? '');
}

/**
 * Whether a public key on record can be that of a key pair: in the canonical spelling, and not of small order. The
 * database takes no others since version 1.0; a row from before must not be trusted.
 * @param x as `signing_keys.public_key` has it
 */
export function isSoundOnRecord(x: string): boolean {
  return CANONICAL.test(x) && !isOfSmallOrder(x);
}

function isOfSmallOrder(x: string): boolean {
  const bytes = Buffer.from(x, 'base64url');
  const last = bytes.at(-1);
  if (last === undefined) return false;
  bytes[bytes.length - 1] = last & 0x7f;
  return SMALL_ORDER.has(bytes.toString('hex'));
}
