import { type LicenseClaims, parseToken, proofByKeySet, shownToken } from '@aegis/license-token';
import type { OpenKeys } from './keys/trusted-keys';

/** By what a license token is proven. */
export interface LicenseTrust {
  openKeys: OpenKeys;
  now: Date;
}

/**
 * What a license token says, where a trusted key signed it. That the license is valid is another question.
 * @param token as received; white space around it is ignored
 * @returns null where it is not a license, and where nothing proves it
 * @throws DOMException `NotSupportedError` where the platform has no Ed25519
 */
export async function provenClaims(
  token: string,
  { openKeys, now }: LicenseTrust,
): Promise<LicenseClaims | null> {
  const parsed = parseToken(shownToken(token));
  if ('malformed' in parsed) return null;
  const keySet = await openKeys();
  if ('refused' in keySet) return null;
  return (await proofByKeySet(parsed, keySet, now)) === 'holds' ? parsed.claims : null;
}
