// Status lists of vectors. The compression is written out here, since that of a library differs between versions.
import { FIRST } from './keys.mjs';
import { jws } from './texts.mjs';

/** A stored block of DEFLATE has at most so many bytes (RFC 1951 section 3.2.4). */
const MAX_BLOCK = 65_535;
/** Bytes that one match of DEFLATE repeats at most. */
const MATCH = 258;

/**
 * zlib data (RFC 1950) without compression.
 * @param {Buffer} bytes
 */
export function stored(bytes) {
  const blocks = [];
  for (let at = 0; at === 0 || at < bytes.length; at += MAX_BLOCK) {
    const block = bytes.subarray(at, at + MAX_BLOCK);
    const head = Buffer.alloc(5);
    head[0] = at + MAX_BLOCK >= bytes.length ? 1 : 0;
    head.writeUInt16LE(block.length, 1);
    head.writeUInt16LE(~block.length & 0xffff, 3);
    blocks.push(head, block);
  }
  return Buffer.concat([Buffer.from([0x78, 0x01]), ...blocks, adler32(bytes)]);
}

/**
 * zlib data of so many zero bytes, by fixed codes: a literal, then matches of 258, then literals.
 * @param {number} length
 */
export function zeros(length) {
  const bits = [];
  const write = (code, width) => {
    for (let bit = width - 1; bit >= 0; bit -= 1) bits.push((code >> bit) & 1);
  };
  // The last block, with fixed codes; these two are written from the lowest bit.
  bits.push(1, 1, 0);
  write(0b00110000, 8);
  const matches = Math.floor((length - 1) / MATCH);
  for (let match = 0; match < matches; match += 1) {
    write(0b11000101, 8);
    write(0b00000, 5);
  }
  for (let rest = (length - 1) % MATCH; rest > 0; rest -= 1) write(0b00110000, 8);
  write(0b0000000, 7);
  const packed = Buffer.alloc(Math.ceil(bits.length / 8));
  bits.forEach((bit, at) => {
    packed[at >> 3] |= bit << (at & 7);
  });
  return Buffer.concat([Buffer.from([0x78, 0x01]), packed, adler32(Buffer.alloc(length))]);
}

function adler32(bytes) {
  let one = 1;
  let two = 0;
  for (const byte of bytes) {
    one = (one + byte) % 65_521;
    two = (two + one) % 65_521;
  }
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(two * 65_536 + one);
  return sum;
}

/**
 * The bytes of a list, all 0 except those named.
 * @param {number} bits
 * @param {Record<number, number>} statuses by index
 * @param {number} [length] bytes
 */
export function packed(bits, statuses, length = 16) {
  const bytes = Buffer.alloc(length);
  for (const [idx, status] of Object.entries(statuses)) {
    const perByte = 8 / bits;
    bytes[Math.floor(Number(idx) / perByte)] |= status << ((Number(idx) % perByte) * bits);
  }
  return bytes;
}

/** The list that `LICENSE` names, made an hour before `NOW`, with a `ttl` that still runs then. */
export const LIST = {
  sub: 'https://license.example/api/v1/status-lists/0',
  iat: 1799996400,
  exp: 1803020400,
  ttl: 7200,
  status_list: { bits: 2, lst: stored(packed(2, {})).toString('base64url') },
};

/** `status_list` of a list. */
export const statuses = (bits, byIndex, length) => ({
  bits,
  lst: stored(packed(bits, byIndex, length)).toString('base64url'),
});

/**
 * A signed status list.
 * @param {object} [claims] in place of those of `LIST`; undefined takes one away
 * @param {object} [header]
 * @param {import('./keys.mjs').TestKey} [key]
 */
export function statusList(claims = {}, header = {}, key = FIRST) {
  return jws({ alg: 'EdDSA', typ: 'statuslist+jwt', kid: key.kid, ...header }, { ...LIST, ...claims }, key);
}

/** The list in which the license of index 5 has this status. */
export const listing = (status, claims = {}) =>
  statusList({ status_list: statuses(2, { 5: status }), ...claims });
