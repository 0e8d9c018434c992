// Arithmetic of Ed25519 (RFC 8032 section 5.1), for signatures and keys that no library makes. It takes no care of time
// and must not sign anything that matters.
import { createHash } from 'node:crypto';

const P = 2n ** 255n - 19n;
/** The order of the base point. */
export const L = 2n ** 252n + 27742317777372353535851937790883648493n;

const mod = (value, by = P) => ((value % by) + by) % by;

function power(base, exponent) {
  let result = 1n;
  for (let square = mod(base), rest = exponent; rest > 0n; rest >>= 1n, square = mod(square * square))
    if (rest & 1n) result = mod(result * square);
  return result;
}

const inverse = (value) => power(value, P - 2n);
const D = mod(-121665n * inverse(121666n));
const ROOT_OF_MINUS_1 = power(2n, (P - 1n) / 4n);

/**
 * A point of the curve, in extended coordinates (RFC 8032 section 5.1.4).
 * @typedef {[x: bigint, y: bigint, z: bigint, t: bigint]} Point
 */

/** @type {Point} */
export const NEUTRAL = [0n, 1n, 1n, 0n];

/**
 * @param {Point} one
 * @param {Point} other
 * @returns {Point}
 */
export function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mod((y1 - x1) * (y2 - x2));
  const b = mod((y1 + x1) * (y2 + x2));
  const c = mod(2n * D * t1 * t2);
  const d = mod(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

/**
 * @param {bigint} scalar not negative
 * @param {Point} point
 * @returns {Point}
 */
export function multiply(scalar, point) {
  let result = NEUTRAL;
  for (let double = point, rest = scalar; rest > 0n; rest >>= 1n, double = add(double, double))
    if (rest & 1n) result = add(result, double);
  return result;
}

/**
 * @param {bigint} y
 * @returns {Point | null} the point with this y and an even x; null where the curve has none
 */
export function withY(y) {
  const square = mod((y * y - 1n) * inverse(D * y * y + 1n));
  const root = power(square, (P + 3n) / 8n);
  for (const x of [root, mod(root * ROOT_OF_MINUS_1)])
    if (mod(x * x) === square) {
      const even = x & 1n ? mod(-x) : x;
      return [even, mod(y), 1n, mod(even * y)];
    }
  return null;
}

/** The base point. */
export const BASE = withY(mod(4n * inverse(5n)));

/**
 * @param {bigint} number below 2^256
 * @returns {Buffer} 32 bytes, little-endian
 */
export const littleEndian = (number) => Buffer.from(number.toString(16).padStart(64, '0'), 'hex').reverse();

/** @param {Buffer} bytes little-endian */
export const numberOf = (bytes) => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);

/**
 * @param {Point} point
 * @returns {Buffer} its 32 bytes
 */
export function encoded([x, y, z]) {
  const unit = inverse(z);
  return littleEndian(mod(y * unit) + ((mod(x * unit) & 1n) << 255n));
}

/**
 * The number by which a signature multiplies the key: SHA-512 of R, the key and the text, by the order of the base point.
 * @param {Buffer} r
 * @param {Buffer} key
 * @param {string} text
 */
export const challenge = (r, key, text) =>
  mod(numberOf(createHash('sha512').update(r).update(key).update(text).digest()), L);
