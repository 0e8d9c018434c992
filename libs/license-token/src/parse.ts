import { base64url } from 'jose';
import { malformedClaim } from './claim-shape';
import type { LicenseClaims, LicenseHeader } from './claims';
import { MAX_TOKEN_BYTES } from './rules';
import { parseStrictJsonObject } from './strict-json';

/** A token whose form is right. Nothing in it is verified yet. */
export interface ParsedToken {
  header: LicenseHeader;
  /** With any claims that this version does not know, as they stand in the token. */
  claims: LicenseClaims;
  /** The ASCII text that was signed: header and payload as they stand in the token. */
  signingInput: string;
  signature: Uint8Array;
}

/** A text that is no license token. */
export interface Malformed {
  /** Why, in words; holds nothing of the token. */
  malformed: string;
}

/** Whole groups of four, then two or three characters of which the last has no spare bits set. */
const CANONICAL_BASE64URL = /^(?:[\w-]{4})*(?:[\w-][AQgw]|[\w-]{2}[AEIMQUYcgkosw048])?$/;

/** A media type in `typ` may go without `application/` and has no case (RFC 7515 section 4.1.9). */
const TYP_JWT = /^(?:application\/)?jwt$/i;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads a license token: JWS compact serialization (RFC 7515 section 7.1) in canonical base64url, strict JSON,
 * header and claims present and of the right type. Verifies no signature, judges no claim, and never throws.
 * @param token as received, not trimmed
 */
export function parseToken(token: string): ParsedToken | Malformed {
  if (token.length > MAX_TOKEN_BYTES) return { malformed: `longer than ${MAX_TOKEN_BYTES} characters` };
  const parts = token.split('.');
  if (parts.length !== 3) return { malformed: 'not three parts' };
  const [encodedHeader, encodedClaims, encodedSignature] = parts as [string, string, string];

  const signature = decodeBase64url(encodedSignature);
  if (!signature) return { malformed: 'the signature is no canonical base64url' };
  const headerMembers = decodeObject(encodedHeader);
  if (!headerMembers) return { malformed: 'the header is no JSON object in canonical base64url' };
  const header = readHeader(headerMembers);
  if ('malformed' in header) return header;
  const claims = decodeObject(encodedClaims);
  if (!claims) return { malformed: 'the payload is no JSON object in canonical base64url' };
  const broken = malformedClaim(claims);
  if (broken !== null) return { malformed: `claim ${broken} is missing or of the wrong type` };

  return {
    header,
    claims: claims as unknown as LicenseClaims,
    signingInput: `${encodedHeader}.${encodedClaims}`,
    signature,
  };
}

function readHeader({ alg, typ, kid, ...others }: Record<string, unknown>): LicenseHeader | Malformed {
  // `crit` names extensions that a reader must understand (RFC 7515 section 4.1.11): there are none here.
  if ('crit' in others) return { malformed: 'the header has crit' };
  if (typeof kid !== 'string') return { malformed: 'the header has no kid' };
  if (typeof alg !== 'string') return { malformed: 'the header has no alg' };
  if (typ === undefined) return { alg, kid };
  // Status lists, key sets and checkpoints are signed too, and are no licenses.
  if (typeof typ !== 'string' || !TYP_JWT.test(typ))
    return { malformed: 'the header has a typ other than JWT' };
  return { alg, typ, kid };
}

function decodeObject(encoded: string): Record<string, unknown> | null {
  const bytes = decodeBase64url(encoded);
  if (!bytes) return null;
  try {
    return parseStrictJsonObject(utf8.decode(bytes));
  } catch {
    return null; // not UTF-8
  }
}

/** RFC 4648 section 5 without padding: of the spellings that decoders take, the one that encoders write. */
function decodeBase64url(encoded: string): Uint8Array | null {
  return CANONICAL_BASE64URL.test(encoded) ? base64url.decode(encoded) : null;
}
