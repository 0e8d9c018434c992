import { hasExpired, importEd25519, type KeySet } from './key-set';
import { verifySignature } from './signature';
import type { SignedText } from './text/compact-jws';

/**
 * What a key set proves of a signed text. `compromised`, which is no matter of the signature: no one can say offline
 * whether a text is older than the compromise.
 * @param now the client's clock: once the key set has expired, each key is unknown
 */
export async function proofByKeySet(
  text: SignedText,
  keySet: KeySet,
  now: Date,
): Promise<'holds' | 'compromised' | 'unknown_key' | 'signature_invalid'> {
  const { kid } = text.header;
  if (keySet.compromised.some((one) => one.kid === kid)) return 'compromised';
  const key = hasExpired(keySet, now) ? undefined : keySet.keys.find((one) => one.kid === kid);
  if (!key) return 'unknown_key';
  return (await verifySignature(text, await importEd25519(key))) ? 'holds' : 'signature_invalid';
}
