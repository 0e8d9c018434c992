import { decodeBase64url } from './text/base64url';

/**
 * The points of the curve whose order divides 8, in every encoding that readers accept, base64url. Under such a key some
 * signatures hold for any text, without a private key (RFC 8032 does not refuse it, the Web Cryptography API does).
 */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  'AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  'AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA',
  '7v_______________________________________38',
  '7v________________________________________8',
  '7P_______________________________________38',
  '7P________________________________________8',
  'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA',
  '7f_______________________________________38',
  '7f________________________________________8',
  'JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU',
  'JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_IU',
  'xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o',
  'xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA_o',
]);

/** The same as strings of bytes, to look up the first half of a signature. */
const SMALL_ORDER_BYTES: ReadonlySet<string> = new Set(
  [...SMALL_ORDER].map((point) => String.fromCharCode(...(decodeBase64url(point) ?? []))),
);
/** Few signatures begin like one: for the others this is all that is looked at. */
const FIRST_BYTES: ReadonlySet<number | undefined> = new Set(
  [...SMALL_ORDER_BYTES].map((point) => point.charCodeAt(0)),
);

/**
 * Whether the R of a signature is a point of small order. Only the holder of the private key can make such a signature,
 * and signing never does; the Web Cryptography API refuses it and OpenSSL does not, so that verdicts would differ.
 * @param signature of any length
 */
export function hasSmallOrderR(signature: Uint8Array): boolean {
  return (
    FIRST_BYTES.has(signature[0]) && SMALL_ORDER_BYTES.has(String.fromCharCode(...signature.subarray(0, 32)))
  );
}

/**
 * Whether anyone can sign for a key.
 * @param x the 32 bytes of an Ed25519 public key (RFC 8037), base64url
 */
export function isSmallOrder(x: string): boolean {
  return SMALL_ORDER.has(x);
}
