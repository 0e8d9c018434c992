import { type CryptoKey, primitives } from './primitives';
import { hasSmallOrderR } from './small-order';
import type { SignedText } from './text/compact-jws';

export type { CryptoKey } from './primitives';

/** `EdDSA` (RFC 8037) is what is issued; RFC 9864 gave Ed25519 a name of its own. */
const ACCEPTED_ALGS = ['EdDSA', 'Ed25519'];

/** Whether a text with this `alg` in its header can have a valid signature at all. */
export function isAcceptedAlg(alg: string): boolean {
  return ACCEPTED_ALGS.includes(alg);
}

/**
 * Verifies the Ed25519 signature (RFC 8032 section 5.1.7) of a token or a status list wherever WebCrypto runs. The
 * caller chooses the key by `header.kid`, and trusts nothing in the text before this said yes.
 * @param publicKey an Ed25519 public key with usage `verify`
 * @returns false for a wrong signature and for any `alg` but EdDSA and Ed25519
 * @throws DOMException `InvalidAccessError` when the key is of another kind
 */
export function verifySignature(text: SignedText, publicKey: CryptoKey): boolean | Promise<boolean> {
  if (!isAcceptedAlg(text.header.alg)) return false;
  if (hasSmallOrderR(text.signature)) return false;
  return primitives.verifyAscii(text.signingInput, text.signature, publicKey);
}

/**
 * Verifies an Ed25519 signature (RFC 8032 section 5.1.7), of any length and whatever is in it. One whose R has a small
 * order is wrong.
 * @param signed the bytes that were signed
 * @param publicKey an Ed25519 public key with usage `verify`
 */
export async function verifyEd25519(
  signed: Uint8Array<ArrayBuffer>,
  signature: Uint8Array,
  publicKey: CryptoKey,
): Promise<boolean> {
  if (hasSmallOrderR(signature)) return false;
  return primitives.verifyEd25519(signed, signature, publicKey);
}
