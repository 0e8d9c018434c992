import { parseToken, withoutOuterWhiteSpace } from '@aegis/license-token';

/**
 * Where the status list of a license is. Nothing is verified: what is fetched from there must be.
 * @param token of any type, as for `verifyLicense`
 * @returns null where it is not a license, names no list (v0.8), or its list is not at an http or https address
 */
export function statusListUri(token: unknown): string | null {
  if (typeof token !== 'string') return null;
  const parsed = parseToken(withoutOuterWhiteSpace(token));
  const uri = 'malformed' in parsed ? undefined : parsed.claims.status?.status_list.uri;
  return uri !== undefined && /^https?:\/\//.test(uri) && URL.canParse(uri) ? uri : null;
}
