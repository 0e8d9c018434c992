import { type Ed25519Jwk, isEd25519 } from '@aegis/license-token';

const PUBLIC_KEY = /^\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]{1,200})-----END PUBLIC KEY-----\s*$/;
/**
 * The 12 bytes in front of an Ed25519 public key in DER (RFC 8410 section 4), in base64. They end where a character ends,
 * so that the rest is the key's own base64.
 */
const SPKI_ED25519 = 'MCowBQYDK2VwAyEA';

/**
 * Reads an Ed25519 public key in PEM (RFC 7468 section 13).
 * @returns null where the text is anything else
 */
export function readPem(pem: string): Ed25519Jwk | null {
  const base64 = PUBLIC_KEY.exec(pem)?.[1]?.replace(/\s/g, '');
  if (base64?.startsWith(SPKI_ED25519) !== true || !base64.endsWith('=')) return null;
  const x = base64.slice(SPKI_ED25519.length, -1).replaceAll('+', '-').replaceAll('/', '_');
  const key = { kty: 'OKP', crv: 'Ed25519', x };
  return isEd25519(key) ? key : null;
}
