/** Crockford's Base32: digits and letters without I, L, O and U. */
const SYMBOLS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** What is read for a symbol that is easily mistaken for another one. */
const MISTAKEN: Readonly<Record<string, string>> = { O: '0', I: '1', L: '1' };
/** What people and mail programs put between groups: white space, and hyphens and dashes of every length. */
const BETWEEN = /[\s\-\u2010-\u2015\u2212]/gu;

/** @param bytes a multiple of five of them, which no bit is left over of */
export function encodeBase32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let pending = 0;
  for (const byte of bytes) {
    pending = (pending << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += SYMBOLS[(pending >>> (bits - 5)) & 31] ?? '';
    pending &= 31;
  }
  return text;
}

/**
 * The symbols of a text that somebody typed: in upper case, without what is between them, each as it is meant. Only a-z has
 * an upper case here: others have one that looks like a symbol, or two.
 */
export function meantSymbols(typed: string): string {
  return typed
    .replace(BETWEEN, '')
    .replace(/[a-z]/g, (letter) => letter.toUpperCase())
    .replace(/[OIL]/g, (symbol) => MISTAKEN[symbol] ?? symbol);
}

/** Where the first symbol is that is not one, counted from 0; -1 where all are. */
export function wrongSymbolAt(symbols: string): number {
  return Array.from(symbols).findIndex((symbol) => !SYMBOLS.includes(symbol));
}

/** @param symbols a multiple of eight of them, each in Crockford's alphabet */
export function decodeBase32(symbols: string): Uint8Array {
  const bytes = new Uint8Array((symbols.length / 8) * 5);
  let at = 0;
  let bits = 0;
  let pending = 0;
  for (const symbol of symbols) {
    pending = ((pending << 5) | SYMBOLS.indexOf(symbol)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = pending >>> bits;
  }
  return bytes;
}
