import { readKeys, type TrustedKeys } from '../keys/trusted-keys';
import { provenClaims } from '../proven-license';
import { withEd25519 } from '../unsupported-error';

/**
 * Where the status list of a license is. Only a license that a trusted key signed has an address: anyone could write one into
 * a text, also one that only this machine can reach.
 * @param token of any type, as for `verifyLicense`
 * @param keys as for `verifyLicense`
 * @returns null where it is not a license that is proven, names no list (v0.8), or its list is not at an http or https
 * address
 * @throws TypeError that names an option that is wrong
 * @throws UnsupportedError where the platform has no Ed25519
 */
export async function statusListUri(token: unknown, keys: TrustedKeys): Promise<string | null> {
  const openKeys = readKeys(keys);
  if (typeof token !== 'string') return null;
  const claims = await withEd25519(() => provenClaims(token, { openKeys, now: new Date() }));
  const uri = claims?.status?.status_list.uri;
  return uri !== undefined && /^https?:\/\//.test(uri) && URL.canParse(uri) ? uri : null;
}
