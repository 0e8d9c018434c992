import {
  formatOfflineRequest,
  newOfflineRequest,
  parseOfflineFile,
  parseToken,
  withoutOuterWhiteSpace,
} from '@aegis/license-token';
import { hashedOption, textOption } from '../option-checks';
import { withEd25519 } from '../unsupported-error';
import type { ShownSeat } from '../verify-license';

/** What an administrator gets, and what the installation keeps until the file is there. */
export interface OfflineSeatRequest {
  /** About 104 characters in groups of five: to be typed, read out or drawn as a QR code. */
  request: string;
  /** Keep it: only a file with the same one answers this request. */
  nonce: string;
}

/** What an offline file brings, as options of `verifyLicense`. Nothing in it is verified yet. */
export interface OfflineSeatFile {
  token: string;
  /** `jwks.jwt`, for `keys: {keySet, root}`; null where the vendor has no root key. */
  keySet: string | null;
  statusList: string[];
  activation: ShownSeat;
}

/**
 * Makes the request of a machine without a network for a seat of its license.
 * @param token of the license
 * @param fingerprint the installation's own identity
 * @param now seconds since 1970; the local clock by default
 * @throws TypeError when the token is not a license, or the fingerprint not a text
 */
export async function offlineSeatRequest(
  token: string,
  fingerprint: string,
  now = Date.now() / 1000,
): Promise<OfflineSeatRequest> {
  const parsed = parseToken(withoutOuterWhiteSpace(textOption(token, 'token')));
  if ('malformed' in parsed) throw new TypeError('token must be a license');
  hashedOption(fingerprint, 'fingerprint');
  return withEd25519(async () => {
    const made = await newOfflineRequest(parsed.claims.jti, fingerprint, new Date(now * 1000));
    return { request: formatOfflineRequest(made), nonce: made.nonce };
  });
}

/**
 * Reads the file that answers a request.
 * @param text of the file
 * @param asked the fingerprint and the nonce of the request
 * @returns null where it is not an offline file
 */
export function readOfflineSeatFile(
  text: string,
  { fingerprint, nonce }: { fingerprint: string; nonce: string },
): OfflineSeatFile | null {
  const file = parseOfflineFile(text);
  if ('malformed' in file) return null;
  return {
    token: file.license_token,
    keySet: file.key_set,
    statusList: file.status_lists,
    activation: { token: file.activation_token, fingerprint, nonce },
  };
}
