import { hasExpired, importEd25519, type KeySet, type KeySetKey } from './key-set';
import { type CryptoKey, isAcceptedAlg, verifySignature } from './signature';
import { isSmallOrder } from './small-order';
import type { SignedText } from './text/compact-jws';

/** Importing a key costs as much as verifying a signature. By `x`, which is all of the key. */
const imported = new Map<string, CryptoKey | undefined>();
/** More than any key set has that is in use. */
const MAX_IMPORTED = 100;

/**
 * What a key set proves of a signed text. `compromised`, which is no matter of the signature: no one can say offline
 * whether a text is older than the compromise. Only an `alg` that no key can have signed with is known without the key.
 * @param now the client's clock: once the key set has expired, each key is unknown
 * @throws DOMException `NotSupportedError` where WebCrypto has no Ed25519
 */
export async function proofByKeySet(
  text: SignedText,
  keySet: KeySet,
  now: Date,
): Promise<'holds' | 'compromised' | 'unknown_key' | 'signature_invalid'> {
  const { kid } = text.header;
  if (isCompromised(keySet, kid)) return isAcceptedAlg(text.header.alg) ? 'compromised' : 'signature_invalid';
  const key = namedKey(keySet, kid, now);
  if (!key) return 'unknown_key';
  const publicKey = await importPoint(key);
  return publicKey && (await verifySignature(text, publicKey)) ? 'holds' : 'signature_invalid';
}

/**
 * The key of a key set that a kid names, for `openStatusList` and `openActivation`.
 * @param now the client's clock
 * @returns undefined for unknown and for compromised ones, for one that no signature can be trusted by, and for each once
 * the key set has expired
 * @throws DOMException `NotSupportedError` where WebCrypto has no Ed25519
 */
export function publicKeyOf(
  keySet: KeySet,
  kid: string,
  now: Date,
): CryptoKey | undefined | Promise<CryptoKey | undefined> {
  const key = isCompromised(keySet, kid) ? undefined : namedKey(keySet, kid, now);
  return key && importPoint(key);
}

function isCompromised({ compromised }: KeySet, kid: string): boolean {
  return compromised.some((one) => one.kid === kid);
}

function namedKey(keySet: KeySet, kid: string, now: Date): KeySetKey | undefined {
  return hasExpired(keySet, now) ? undefined : keySet.keys.find((one) => one.kid === kid);
}

/** Undefined where its point is not on the curve, or has a small order. */
function importPoint(key: KeySetKey): CryptoKey | undefined | Promise<CryptoKey | undefined> {
  return imported.has(key.x) ? imported.get(key.x) : importOnce(key);
}

/** Remembers nothing where it throws: a platform that has no Ed25519 now may have it once a polyfill is loaded. */
async function importOnce(key: KeySetKey): Promise<CryptoKey | undefined> {
  const point = isSmallOrder(key.x) ? undefined : await importOrNothing(key);
  if (imported.size >= MAX_IMPORTED) imported.clear();
  imported.set(key.x, point);
  return point;
}

async function importOrNothing(key: KeySetKey): Promise<CryptoKey | undefined> {
  try {
    return await importEd25519(key);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'DataError') return undefined;
    throw error;
  }
}
