import { type Check, numericDate, optional, statusPlace, uuid } from '../claims/claim-shape';
import { text } from '../claims/plain-text';
import { FINGERPRINT_DIGEST } from './activation-fingerprint';

/** `typ` of an activation token; with `application/` before it its media type. */
export const ACTIVATION_TYPE = 'aegis-activation+jwt';

/** A request's nonce: 8 bytes in lower-case hex. */
export const REQUEST_NONCE = /^[0-9a-f]{16}$/;

/** Clients refuse a token from the future, and clocks differ. */
const CLOCK_TOLERANCE_S = 60;

/**
 * Claims of an activation token: this installation holds a seat of this license until `exp`. Deployed clients of v0.8 do
 * not look at `typ`, so that no claim has the name of one that they ask a license for (`module`, `customer`,
 * `license_type`). Times are seconds since 1970 (NumericDate), whole numbers.
 */
export interface ActivationClaims {
  iss: string;
  /** Activation id, a UUID. */
  jti: string;
  /** License id, a UUID. */
  sub: string;
  /** `activationFingerprint()` of the one installation that it is for. */
  fp: string;
  /**
   * Later admissions of a license have greater ones, by the server's clock too: what guards a resource refuses a smaller
   * one than it has seen.
   */
  fence: number;
  /** Time of signing less 60 s. */
  iat: number;
  /** First second at which it is no longer valid: a token that counts forever does not exist. */
  exp: number;
  /** Of the offline request that it answers; only tokens in offline files have one. */
  nonce?: string;
  /** Place in a Token Status List of activations; only those of fixed seats and offline files have one. */
  status?: { status_list: { idx: number; uri: string } };
}

/** What an activation token is to say. */
export interface ActivationTokenFacts {
  issuer: string;
  activationId: string;
  licenseId: string;
  /** `activationFingerprint()` */
  fp: string;
  fence: number;
  /** By the database's clock. */
  signedAt: Date;
  /** End of the lease, or of the time for which it counts offline; its part of a second is dropped. */
  endsAt: Date;
  /** Of the offline request that is answered; null: none is. */
  nonce: string | null;
  /** Null: it has no place in a status list. */
  status: { idx: number; uri: string } | null;
}

const CLAIMS = Object.entries({
  iss: text,
  jti: uuid,
  sub: uuid,
  fp: (value) => typeof value === 'string' && FINGERPRINT_DIGEST.test(value),
  fence: (value) => Number.isSafeInteger(value) && Number(value) > 0,
  iat: numericDate,
  exp: numericDate,
  nonce: optional((value) => typeof value === 'string' && REQUEST_NONCE.test(value)),
  status: optional(statusPlace),
} satisfies Record<keyof ActivationClaims, Check>);

/**
 * The claims of an activation token.
 * @throws TypeError when they break a rule of the format: checked before anything is signed
 */
export function activationClaims(facts: ActivationTokenFacts): ActivationClaims {
  const { nonce, status } = facts;
  const claims: ActivationClaims = {
    iss: facts.issuer,
    jti: facts.activationId,
    sub: facts.licenseId,
    fp: facts.fp,
    fence: facts.fence,
    iat: Math.floor(facts.signedAt.getTime() / 1000) - CLOCK_TOLERANCE_S,
    exp: Math.floor(facts.endsAt.getTime() / 1000),
    ...(nonce !== null && { nonce }),
    ...(status !== null && { status: { status_list: { idx: status.idx, uri: status.uri } } }),
  };
  const broken = claims.iss === '' ? 'iss' : malformedActivationClaim(claims);
  if (broken !== null) throw new TypeError(`the claim ${broken} of an activation token breaks its rule`);
  return claims;
}

/**
 * Finds the claim that keeps an object from being the claims of an activation: types, presence and forms. Claims that it
 * does not know are allowed: a token of the future stays readable.
 * @param claims a JSON object
 * @returns the name of the first claim that is missing or of the wrong form, or null
 */
export function malformedActivationClaim(claims: object): string | null {
  const members = claims as Record<string, unknown>;
  return CLAIMS.find(([name, check]) => !check(members[name]))?.[0] ?? null;
}
