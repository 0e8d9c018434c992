import { hash, type KeyObject } from 'node:crypto';
import type { SigningKey } from '../ring/signing-key.entity';

/** Ed25519 public key as JSON Web Key (RFC 7517, RFC 8037). */
export interface PublicJwk {
  kty: 'OKP';
  crv: 'Ed25519';
  /** 32 bytes, base64url. */
  x: string;
  kid: string;
  use: 'sig';
  alg: 'EdDSA';
}

/** A key of a JWK set. */
export interface PublishedJwk extends PublicJwk {
  /** SHA-256 thumbprint (RFC 7638), base64url: names the key by its content alone. */
  jkt: string;
}

/** JWK set (RFC 7517, section 5). */
export interface Jwks {
  keys: PublishedJwk[];
}

/** How long clients may keep a key set without asking again. */
export const KEY_SET_SECONDS = 300;
/** How long a key set that can't be read again is still served, and how long caches may keep it then (RFC 5861, section 4). */
export const STALE_KEY_SET_SECONDS = 86_400;

/**
 * Describes a public key for verifiers.
 * @param kid - id of the key.
 * @param publicKey - Ed25519, public.
 * @returns the key as it is in a JWK set.
 * @throws {TypeError} when the key is private or not Ed25519: programming error.
 */
export function publicJwk(kid: string, publicKey: KeyObject): PublicJwk {
  const { x } = publicKey.export({ format: 'jwk' });
  if (publicKey.type !== 'public' || publicKey.asymmetricKeyType !== 'ed25519' || x === undefined) {
    throw new TypeError(`The key ${kid} is not an Ed25519 public key.`);
  }
  return { kty: 'OKP', crv: 'Ed25519', x, kid, use: 'sig', alg: 'EdDSA' };
}

/**
 * Names a public key by its content alone, so that people can compare it over another channel.
 * @param x - of the Ed25519 key: 32 bytes, base64url.
 * @returns SHA-256 thumbprint (RFC 7638), base64url.
 */
export function jwkThumbprint(x: string): string {
  // The required members, in lexicographic order, without white space (RFC 7638 section 3.3, RFC 8037 section 2).
  return hash('sha256', JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }), 'base64url');
}

/**
 * Describes a key on record for verifiers.
 * @param x - 32 bytes, base64url.
 */
export function publishedJwk(kid: string, x: string): PublishedJwk {
  return { kty: 'OKP', crv: 'Ed25519', x, kid, use: 'sig', alg: 'EdDSA', jkt: jwkThumbprint(x) };
}

/** Describes, for verifiers, those of the keys that are trusted: all but the compromised ones. */
export function keySetOf(keys: readonly Pick<SigningKey, 'kid' | 'public_key' | 'state'>[]): Jwks {
  const trusted = keys.filter(({ state }) => state !== 'compromised');
  return { keys: trusted.map(({ kid, public_key }) => publishedJwk(kid, public_key)) };
}
