import { overlongClaim } from './claims/claim-lengths';
import { malformedClaim } from './claims/claim-shape';
import type { LicenseClaims, LicenseHeader } from './claims/claims';
import { type Malformed, parseCompactJws } from './text/compact-jws';
import { withoutMinusZero } from './claims/entitlements';
import { MAX_TOKEN_BYTES } from './claims/rules';

/** A token whose form is right. Nothing in it is verified yet. */
export interface ParsedToken {
  header: LicenseHeader;
  /** With any claims that this version does not know, as they stand in the token. */
  claims: LicenseClaims;
  /** The ASCII text that was signed: header and payload as they stand in the token. */
  signingInput: string;
  signature: Uint8Array;
}

/** Status lists, key sets and checkpoints are signed too, and are not licenses. */
const LICENSE_TOKEN = { maxLength: MAX_TOKEN_BYTES, typ: 'JWT', mayLackTyp: true };

/**
 * Reads a license token: JWS compact serialization (RFC 7515 section 7.1) in canonical base64url, strict JSON,
 * header and claims present, of the right type and no longer than what is recorded. Verifies no signature, judges no
 * claim, and never throws.
 * @param token as received, not trimmed
 */
export function parseToken(token: string): ParsedToken | Malformed {
  const jws = parseCompactJws(token, LICENSE_TOKEN);
  if ('malformed' in jws) return jws;
  const { header, payload, signingInput, signature } = jws;
  const broken = malformedClaim(payload);
  if (broken !== null) return { malformed: `claim ${broken} is missing or of the wrong type` };
  const claims = payload as unknown as LicenseClaims;
  const overlong = overlongClaim(claims);
  if (overlong !== null) return { malformed: `claim ${overlong}` };
  if (claims.entitlements) claims.entitlements = withoutMinusZero(claims.entitlements);
  return { header, claims, signingInput, signature };
}
