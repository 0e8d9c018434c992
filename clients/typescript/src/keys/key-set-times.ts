import { withEd25519 } from '../unsupported-error';
import { readKeys, type SignedKeySet } from './trusted-keys';

/** When a signed key set was made, and its end, in seconds since 1970. */
export interface KeySetTimes {
  /** Keep the latest, and give it as `newestSeen`: then an older key set is refused. */
  issuedAt: number;
  /** First second at which none of its keys is trusted. */
  expiresAt: number;
}

/**
 * Reads the times of a signed key set, also of one that has expired.
 * @returns null where it is malformed, not signed by the root, or older than `newestSeen`
 * @throws TypeError that names an option that is wrong
 * @throws UnsupportedError where the platform has no Ed25519
 */
export async function keySetTimes(keys: SignedKeySet): Promise<KeySetTimes | null> {
  const open = readKeys(keys);
  return withEd25519(async () => {
    const keySet = await open();
    return 'refused' in keySet ? null : { issuedAt: keySet.iat, expiresAt: keySet.exp };
  });
}
