import { type Malformed, parseCompactJws, type SignedText } from './text/compact-jws';
import { numericDate } from './claims/claim-shape';
import { KEY_ID } from './claims/rules';
import { primitives } from './primitives';
import { isSmallOrder } from './small-order';
import { type CryptoKey, isAcceptedAlg, verifySignature } from './signature';

/** The `typ` of a signed key set, and with `application/` before it its media type. */
export const KEY_SET_TYPE = 'jwk-set+jwt';

/** Hundreds of keys. */
export const MAX_KEY_SET_BYTES = 131_072;

const KEY_SET = { maxLength: MAX_KEY_SET_BYTES, typ: KEY_SET_TYPE, mayLackTyp: false };

/** Public half of an Ed25519 key (RFC 8037); members that are not named here are ignored. */
export interface Ed25519Jwk {
  kty: 'OKP';
  crv: 'Ed25519';
  /** 32 bytes, base64url. */
  x: string;
}

/** A key that signs licenses. */
export interface KeySetKey extends Ed25519Jwk {
  kid: string;
}

/** A key that is no longer trusted. Times are seconds since 1970. */
export interface CompromisedKey {
  kid: string;
  /** When the trust was withdrawn. */
  at: number;
  /**
   * Tokens that the server recorded up to then are still valid there; null: none is. Offline none is valid in either
   * case.
   */
  after: number | null;
}

/** What a signed key set says. */
export interface KeySet {
  /** When it was signed, seconds since 1970. */
  iat: number;
  /** First second at which it is no longer valid. */
  exp: number;
  /** Pending, active and retired keys. */
  keys: KeySetKey[];
  compromised: CompromisedKey[];
}

/** Why a signed key set is not trusted. */
export interface KeySetRefused {
  /** `outdated`: older than one that was seen already. */
  refused: 'malformed' | 'signature_invalid' | 'expired' | 'outdated';
}

export interface KeySetTrust {
  /** Public half of the root key, pinned: it came with the software, not over the network. */
  root: Ed25519Jwk;
  now: Date;
  /** `iat` of the newest key set that this client has seen: an older one may hide that a key was compromised. */
  newestSeen?: number;
}

/** A signed key set whose form is right. Nothing in it is verified yet. */
export interface ParsedKeySet extends SignedText {
  keySet: KeySet;
}

/** 32 bytes in base64url: the last character has two spare bits. */
const X = /^[\w-]{42}[AEIMQUYcgkosw048]$/;

/**
 * Reads a signed key set and trusts it only if the pinned root key signed it, for now. Runs wherever WebCrypto does.
 * @param jwt as received
 */
export async function openKeySet(jwt: string, trust: KeySetTrust): Promise<KeySet | KeySetRefused> {
  const keySet = await openAnyKeySet(jwt, trust);
  return 'keys' in keySet && hasExpired(keySet, trust.now) ? { refused: 'expired' } : keySet;
}

/**
 * As `openKeySet`, also of a key set that has expired: it still names the compromised keys. `judgeOffline` trusts none of
 * its other keys.
 * @param jwt as received
 */
export async function openAnyKeySet(
  jwt: string,
  { root, newestSeen }: Omit<KeySetTrust, 'now'>,
): Promise<KeySet | KeySetRefused> {
  const parsed = parseKeySet(jwt);
  if ('malformed' in parsed) return { refused: 'malformed' };
  const { keySet } = parsed;
  if (!(await verifySignature(parsed, await importEd25519(root)))) return { refused: 'signature_invalid' };
  // If the remembered time is not a number, it is unknown whether this key set is older.
  if (newestSeen !== undefined && !(keySet.iat >= newestSeen)) return { refused: 'outdated' };
  return keySet;
}

/**
 * Reads a signed key set without trusting it: JWS compact serialization, strict JSON, the right `typ` and `alg`, every
 * member present and of the right type, no kid twice. Verifies no signature, and never throws.
 */
export function parseKeySet(jwt: string): ParsedKeySet | Malformed {
  const jws = parseCompactJws(jwt, KEY_SET);
  if ('malformed' in jws) return jws;
  const { payload, ...signed } = jws;
  if (!isAcceptedAlg(signed.header.alg)) return { malformed: 'the header has an alg other than EdDSA' };
  const { iat, exp, keys, compromised } = payload;
  if (!numericDate(iat) || !numericDate(exp) || exp <= iat)
    return { malformed: 'iat or exp is not a time, or they contradict each other' };
  if (!Array.isArray(keys) || !keys.every(isNamedKey))
    return { malformed: 'keys contains something that is not an Ed25519 key' };
  const weak = keys.find(({ x }) => isSmallOrder(x));
  if (weak) return { malformed: `the key ${weak.kid} is of small order: anyone can sign for it` };
  if (!Array.isArray(compromised) || !compromised.every(isCompromised))
    return { malformed: 'compromised contains something without a key id' };
  const kids = [...keys, ...compromised].map(({ kid }) => kid);
  if (new Set(kids).size < kids.length) return { malformed: 'a kid occurs twice' };
  return { ...signed, keySet: { iat, exp, keys, compromised } };
}

/**
 * Whether a key set is past its end: then none of its keys is trusted. It is checked at each use, not only when the
 * key set is opened: otherwise a client that runs for months would trust a stolen key for as long.
 * @param now the client's clock; an invalid time is treated as past the end
 */
export function hasExpired({ exp }: Pick<KeySet, 'exp'>, now: Date): boolean {
  return !(now.getTime() < exp * 1000);
}

/**
 * Makes a key of a JWK to verify by.
 * @throws TypeError when its point has a small order
 * @throws DOMException when it is not a point of the curve
 */
export async function importEd25519(key: Ed25519Jwk): Promise<CryptoKey> {
  if (isSmallOrder(key.x))
    throw new TypeError('The point of the key has a small order: anyone can sign for it.');
  return primitives.importPublicKey(key.x);
}

/** Whether a value is a public Ed25519 key that verifies signatures, with its key id. */
export function isNamedKey(value: unknown): value is KeySetKey {
  return isEd25519(value) && isKid(members(value).kid);
}

/** Whether a value is a public Ed25519 key that verifies signatures, with a key id or without. */
export function isEd25519(value: unknown): value is Ed25519Jwk {
  const jwk = members(value);
  const { kty, crv, x, use = 'sig', alg = 'EdDSA' } = jwk;
  return (
    kty === 'OKP' &&
    crv === 'Ed25519' &&
    typeof x === 'string' &&
    X.test(x) &&
    use === 'sig' &&
    typeof alg === 'string' &&
    isAcceptedAlg(alg) &&
    !Object.hasOwn(jwk, 'd')
  );
}

function isCompromised(value: unknown): value is CompromisedKey {
  const { kid, at, after } = members(value);
  return isKid(kid) && numericDate(at) && (after === null || numericDate(after));
}

function isKid(value: unknown): boolean {
  return typeof value === 'string' && KEY_ID.test(value);
}

/** An array passes too, and then lacks every member. */
function members(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
