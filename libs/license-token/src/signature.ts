import type { CryptoKey } from 'jose';
import type { ParsedToken } from './parse';

/** `EdDSA` (RFC 8037) is what is issued; RFC 9864 gave Ed25519 a name of its own. */
const ACCEPTED_ALGS = ['EdDSA', 'Ed25519'];

/** Whether a token with this `alg` in its header can have a valid signature at all. */
export function isAcceptedAlg(alg: string): boolean {
  return ACCEPTED_ALGS.includes(alg);
}

/**
 * Verifies a token's Ed25519 signature (RFC 8032 section 5.1.7) wherever WebCrypto runs. The caller chooses the
 * key by `header.kid`, and trusts nothing in the token before this said yes.
 * @param publicKey an Ed25519 public key with usage `verify`
 * @returns false for a wrong signature and for any `alg` but EdDSA and Ed25519
 * @throws DOMException `InvalidAccessError` when the key is of another kind
 */
export async function verifySignature(token: ParsedToken, publicKey: CryptoKey): Promise<boolean> {
  if (!isAcceptedAlg(token.header.alg)) return false;
  const signed = new TextEncoder().encode(token.signingInput);
  return globalThis.crypto.subtle.verify('Ed25519', publicKey, token.signature, signed);
}
