/** Whole groups of four, then two or three characters of which the last has no spare bits set. */
const CANONICAL = /^(?:[\w-]{4})*(?:[\w-][AQgw]|[\w-]{2}[AEIMQUYcgkosw048])?$/;

/**
 * Decodes base64url without padding (RFC 4648 section 5). Needs neither Node nor a package: a client that checks
 * licenses has none.
 * @returns null for every spelling that decoders accept except the one that encoders write
 */
export function decodeBase64url(encoded: string): Uint8Array | null {
  if (!CANONICAL.test(encoded)) return null;
  const binary = atob(encoded.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
