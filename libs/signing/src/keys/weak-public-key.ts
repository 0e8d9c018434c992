import { isSmallOrder } from '@aegis/license-token';
import type { KeyObject } from 'node:crypto';

/** 32 bytes in base64url: the last character has two spare bits. */
const CANONICAL = /^[\w-]{42}[AEIMQUYcgkosw048]$/;

/**
 * Whether anybody can write down signatures that hold under an Ed25519 public key, though nobody has its private key:
 * its point is of small order. No key pair that was ever generated has such a key.
 */
export function isWeakPublicKey(publicKey: KeyObject): boolean {
  return isSmallOrder(publicKey.export({ format: 'jwk' }).x ?? '');
}

/**
 * Whether a public key on record can be that of a key pair: in the canonical spelling, and not of small order. The
 * database takes no others since version 1.0; a row from before must not be trusted.
 * @param x as `signing_keys.public_key` has it
 */
export function isSoundOnRecord(x: string): boolean {
  return CANONICAL.test(x) && !isSmallOrder(x);
}
