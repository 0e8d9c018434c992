const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const NOT_IN_ALPHABET = 0xff;
/** Six bits for each character of ASCII. */
const SIX_BITS = new Uint8Array(128).fill(NOT_IN_ALPHABET);
for (let bits = 0; bits < ALPHABET.length; bits += 1) SIX_BITS[ALPHABET.charCodeAt(bits)] = bits;

/**
 * Decodes base64url without padding (RFC 4648 section 5). Needs neither Node nor a package, because clients that
 * check licenses have none. A table is several times as fast as `atob`, for which the text must be checked and
 * rewritten first.
 * @returns null for every spelling that decoders accept, except the one that encoders write
 */
export function decodeBase64url(encoded: string): Uint8Array | null {
  const last = encoded.length % 4;
  if (last === 1) return null;
  const whole = encoded.length - last;
  const bytes = new Uint8Array((whole / 4) * 3 + Math.max(0, last - 1));
  let end = 0;
  let seen = 0;
  for (let at = 0; at < whole; at += 4) {
    const [one, two] = [sixBitsAt(encoded, at), sixBitsAt(encoded, at + 1)];
    const [three, four] = [sixBitsAt(encoded, at + 2), sixBitsAt(encoded, at + 3)];
    seen |= one | two | three | four;
    bytes[end++] = (one << 2) | (two >> 4);
    bytes[end++] = (two << 4) | (three >> 2);
    bytes[end++] = (three << 6) | four;
  }
  if (last > 0) {
    const [one, two] = [sixBitsAt(encoded, whole), sixBitsAt(encoded, whole + 1)];
    const three = last === 3 ? sixBitsAt(encoded, whole + 2) : 0;
    seen |= one | two | three;
    // What is left over of the last character must be zero.
    if (last === 3 ? (three & 0b11) !== 0 : (two & 0b1111) !== 0) return null;
    bytes[end++] = (one << 2) | (two >> 4);
    if (last === 3) bytes[end++] = (two << 4) | (three >> 2);
  }
  return seen < 64 ? bytes : null;
}

function sixBitsAt(text: string, at: number): number {
  return SIX_BITS[text.charCodeAt(at)] ?? NOT_IN_ALPHABET;
}
