import type { KeyObject } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';

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

/** JWK set (RFC 7517, section 5). */
export interface Jwks {
  keys: PublicJwk[];
}

/**
 * Describes a public key for verifiers.
 * @param kid - id of the key.
 * @param publicKey - Ed25519, public.
 * @returns the key as it stands in a JWK set.
 * @throws {TypeError} when the key is private or not Ed25519: programming error.
 */
export function publicJwk(kid: string, publicKey: KeyObject): PublicJwk {
  const { x } = publicKey.export({ format: 'jwk' });
  if (publicKey.type !== 'public' || publicKey.asymmetricKeyType !== 'ed25519' || x === undefined) {
    throw new TypeError(`The key ${kid} is no Ed25519 public key.`);
  }
  return { kty: 'OKP', crv: 'Ed25519', x, kid, use: 'sig', alg: 'EdDSA' };
}

/**
 * Names a public key by its content alone, so that people can compare it over another channel.
 * @param publicKey - Ed25519.
 * @returns SHA-256 thumbprint (RFC 7638), base64url.
 */
export function jwkThumbprint(publicKey: KeyObject): Promise<string> {
  return calculateJwkThumbprint(publicKey);
}
