import type { SignedText } from './text/compact-jws';

/** A key as WebCrypto holds it, wherever that runs: Node's types have no global name for it. */
export type CryptoKey = Awaited<ReturnType<typeof globalThis.crypto.subtle.importKey>>;

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
export async function verifySignature(text: SignedText, publicKey: CryptoKey): Promise<boolean> {
  if (!isAcceptedAlg(text.header.alg)) return false;
  const signed = new TextEncoder().encode(text.signingInput);
  return globalThis.crypto.subtle.verify('Ed25519', publicKey, text.signature, signed);
}
