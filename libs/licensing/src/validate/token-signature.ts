import { isAcceptedAlg, type ParsedToken } from '@aegis/license-token';
import { type KeyRing, verifySigningInput } from '@aegis/signing';

/** Whether a token that can be read was signed by a key that the server knows, whatever that key's state. */
export type TokenSignature = 'holds' | 'unknown_key' | 'signature_invalid';

/** Verifies the signature of a token (RFC 7515 section 5.2, Ed25519). */
export async function verifyTokenSignature(
  keyRing: KeyRing,
  { header, signingInput, signature }: ParsedToken,
): Promise<TokenSignature> {
  const publicKey = await keyRing.publicKey(header.kid);
  if (!publicKey) return 'unknown_key';
  return isAcceptedAlg(header.alg) && verifySigningInput(publicKey, signingInput, signature)
    ? 'holds'
    : 'signature_invalid';
}
