import { decodeBase64url, decodeBase64urlText } from './base64url';
import { parseStrictJsonObject } from './strict-json';

/** A text that is not what it should be. */
export interface Malformed {
  /** Why, in words; holds nothing of the text. */
  malformed: string;
}

/** JOSE header of what is read here (RFC 7515 section 4). */
export interface JwsHeader {
  /** As written; only `isAcceptedAlg` ones can carry a valid signature. */
  alg: string;
  typ?: string;
  /** Which key signed; any text until a key ring knows it. */
  kid: string;
}

/** A signed text as it was received, and what verifies it. Nothing in it is verified yet. */
export interface SignedText {
  header: JwsHeader;
  /** The ASCII text that was signed: header and payload as received. */
  signingInput: string;
  signature: Uint8Array;
}

export interface CompactJws extends SignedText {
  payload: Record<string, unknown>;
}

/** What kind of JWS is expected: another one is refused, though our key may have signed it. */
export interface Expected {
  /** In characters. */
  maxLength: number;
  /** Media type without `application/`; its case does not matter. */
  typ: string;
  /** Whether a header without `typ` passes. */
  mayLackTyp: boolean;
}

/**
 * Reads a JWS in compact serialization (RFC 7515 section 7.1): canonical base64url, strict JSON, the expected `typ`,
 * no `crit`. Verifies no signature and never throws.
 * @param jws as received, not trimmed
 */
export function parseCompactJws(jws: string, expected: Expected): CompactJws | Malformed {
  const { maxLength } = expected;
  if (jws.length > maxLength) return { malformed: `longer than ${maxLength} characters` };
  const parts = jws.split('.');
  if (parts.length !== 3) return { malformed: 'not three parts' };
  const [encodedHeader, encodedPayload, encodedSignature] = parts as [string, string, string];

  const signature = decodeBase64url(encodedSignature);
  if (!signature) return { malformed: 'the signature is not canonical base64url' };
  const headerMembers = headerOf(encodedHeader);
  if (!headerMembers) return { malformed: 'the header is not a JSON object in canonical base64url' };
  const header = readHeader(headerMembers, expected);
  if ('malformed' in header) return header;
  const payload = decodeObject(encodedPayload);
  if (!payload) return { malformed: 'the payload is not a JSON object in canonical base64url' };
  return { header, payload, signingInput: `${encodedHeader}.${encodedPayload}`, signature };
}

function readHeader(members: Record<string, unknown>, expected: Expected): JwsHeader | Malformed {
  const { alg, typ, kid } = members;
  // `crit` names extensions that a reader must understand (RFC 7515 section 4.1.11): there are none here.
  if (Object.hasOwn(members, 'crit')) return { malformed: 'the header has crit' };
  if (typeof kid !== 'string') return { malformed: 'the header has no kid' };
  if (typeof alg !== 'string') return { malformed: 'the header has no alg' };
  if (typ === undefined && expected.mayLackTyp) return { alg, kid };
  if (typeof typ !== 'string' || (typ !== expected.typ && mediaType(typ) !== mediaType(expected.typ)))
    return { malformed: `the header has a typ other than ${expected.typ}` };
  return { alg, typ, kid };
}

/** Texts of one key have the same header: the last one is remembered. */
let lastHeader: { encoded: string; members: Record<string, unknown> | null } = { encoded: '', members: null };

function headerOf(encoded: string): Record<string, unknown> | null {
  if (encoded !== lastHeader.encoded) lastHeader = { encoded, members: decodeObject(encoded) };
  return lastHeader.members;
}

/**
 * A media type in `typ` may go without `application/` and has no case (RFC 7515 section 4.1.9), which is that of ASCII:
 * the lower case of the Kelvin sign is k too.
 */
function mediaType(typ: string): string {
  return typ.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()).replace(/^application\//, '');
}

function decodeObject(encoded: string): Record<string, unknown> | null {
  const json = decodeBase64urlText(encoded);
  return json === null ? null : parseStrictJsonObject(json);
}
