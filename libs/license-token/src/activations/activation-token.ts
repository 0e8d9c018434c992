import { MAX_TOKEN_BYTES } from '../claims/rules';
import { type CryptoKey, verifySignature } from '../signature';
import { type Malformed, parseCompactJws, type SignedText } from '../text/compact-jws';
import { ACTIVATION_TYPE, type ActivationClaims, malformedActivationClaim } from './activation-claims';

/** An activation token whose form is right. Nothing in it is verified yet. */
export interface ParsedActivation extends SignedText {
  claims: ActivationClaims;
}

/** Why a text is not an activation token to go by. */
export interface RefusedActivation {
  refused: 'malformed' | 'unknown_key' | 'signature_invalid';
}

const ACTIVATION_TOKEN = { maxLength: MAX_TOKEN_BYTES, typ: ACTIVATION_TYPE, mayLackTyp: false };

/**
 * Reads an activation token: JWS compact serialization (RFC 7515 section 7.1), strict JSON, claims present and of the
 * right form. Only `typ: aegis-activation+jwt` passes: a license never does, though the same key signed it, and
 * `parseToken` refuses an activation token. Verifies no signature, judges no claim, and never throws.
 * @param token as received, not trimmed
 */
export function parseActivation(token: string): ParsedActivation | Malformed {
  const jws = parseCompactJws(token, ACTIVATION_TOKEN);
  if ('malformed' in jws) return jws;
  const { header, payload, signingInput, signature } = jws;
  const broken = malformedActivationClaim(payload);
  if (broken !== null) return { malformed: `claim ${broken} is missing or of the wrong type` };
  return { header, claims: payload as unknown as ActivationClaims, signingInput, signature };
}

/**
 * Reads an activation token and verifies its signature, wherever WebCrypto runs. Whose seat it is, and whether it still
 * counts, is for the caller to compare; `judgeOffline` does.
 * @param token as received, not trimmed
 * @param publicKey gives the Ed25519 key that a kid names, with usage `verify`; undefined for unknown and for
 * compromised ones, whose thief could sign any number of seats
 */
export async function openActivation(
  token: string,
  publicKey: (kid: string) => CryptoKey | undefined | Promise<CryptoKey | undefined>,
): Promise<ActivationClaims | RefusedActivation> {
  const parsed = parseActivation(token);
  if ('malformed' in parsed) return { refused: 'malformed' };
  const key = await publicKey(parsed.header.kid);
  if (key === undefined) return { refused: 'unknown_key' };
  return (await verifySignature(parsed, key)) ? parsed.claims : { refused: 'signature_invalid' };
}
