/** A key as the platform holds it. WebCrypto's here: Node's types have no global name for it. */
export type CryptoKey = Awaited<ReturnType<typeof globalThis.crypto.subtle.importKey>>;

/**
 * What a platform computes. Here by WebCrypto, which browsers have as Node does; the client's build for Node has
 * `node:crypto` in its place.
 */
export interface Primitives {
  /** False where there is no WebCrypto: a browser has it in secure contexts only. */
  isAvailable(): boolean;
  /**
   * @param x the 32 bytes of an Ed25519 public key (RFC 8037), base64url
   * @throws DOMException `DataError` when it is not a point of the curve, `NotSupportedError` where the platform has
   * no Ed25519
   */
  importPublicKey(x: string): CryptoKey | Promise<CryptoKey>;
  /** RFC 8032 section 5.1.7, with a signature of any length. */
  verifyEd25519(
    signed: Uint8Array<ArrayBuffer>,
    signature: Uint8Array,
    publicKey: CryptoKey,
  ): boolean | Promise<boolean>;
  /** As `verifyEd25519`, of a text in ASCII. */
  verifyAscii(signed: string, signature: Uint8Array, publicKey: CryptoKey): boolean | Promise<boolean>;
  /** FIPS 180-4 */
  sha256(bytes: Uint8Array<ArrayBuffer>): Uint8Array | Promise<Uint8Array>;
}

type Subtle = typeof globalThis.crypto.subtle;

let [known, subtle]: [unknown, Subtle | undefined] = [undefined, undefined];

/** Looks again where another WebCrypto was put in place, as a polyfill does. Each look costs a browser a microsecond. */
function findWebCrypto(): Subtle | undefined {
  // Whatever the types say: a browser has it in secure contexts only.
  const { crypto } = globalThis as { crypto?: { subtle?: Subtle } };
  if (crypto !== known) [known, subtle] = [crypto, crypto?.subtle];
  return subtle;
}

function webCrypto(): Subtle {
  return findWebCrypto() ?? globalThis.crypto.subtle;
}

/** By hand: browsers take ten times as long for a TextEncoder. New bytes each time: nobody else may change what is verified. */
function asciiBytes(text: string): Uint8Array<ArrayBuffer> {
  const { length } = text;
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

export const primitives: Primitives = {
  isAvailable: () => findWebCrypto() !== undefined,
  importPublicKey: (x) =>
    webCrypto().importKey('jwk', { kty: 'OKP', crv: 'Ed25519', x }, 'Ed25519', false, ['verify']),
  verifyEd25519: (signed, signature, publicKey) =>
    webCrypto().verify('Ed25519', publicKey, signature, signed),
  verifyAscii: (signed, signature, publicKey) =>
    webCrypto().verify('Ed25519', publicKey, signature, asciiBytes(signed)),
  sha256: async (bytes) => new Uint8Array(await webCrypto().digest('SHA-256', bytes)),
};
