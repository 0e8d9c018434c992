import { randomBytes, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE = BigInt(ALPHABET.length);
const ID_LENGTH = 12;
const SECRET_BYTES = 32;
/** Fewest Base62 digits that hold 32 bytes: 62^43 > 2^256. */
const SECRET_LENGTH = 43;
/** Fewest Base62 digits that hold 32 bits. */
const CHECKSUM_LENGTH = 6;

const FORMAT = new RegExp(
  `^(aegis_([a-z]{1,20})_([0-9A-Za-z]{${ID_LENGTH}})_[0-9A-Za-z]{${SECRET_LENGTH}})([0-9A-Za-z]{${CHECKSUM_LENGTH}})$`,
);

/** A key that was just made. */
export interface MadeKey {
  /** 12 Base62 digits; public. */
  id: string;
  /** `aegis_<environment>_<id>`: what a key is recognised by in lists and logs; public. */
  prefix: string;
  /** The whole key, the credential itself: shown once, stored nowhere. */
  key: string;
}

/** What a key says of itself. */
export interface ReadKey {
  environment: string;
  id: string;
}

/** A number in Base62, most significant digit first, filled up with zeros so that all have the same length. */
function base62(value: bigint, length: number): string {
  let digits = '';
  for (let rest = value; digits.length < length; rest /= BASE)
    digits = ALPHABET.charAt(Number(rest % BASE)) + digits;
  return digits;
}

function checksum(text: string): string {
  return base62(BigInt(crc32(text)), CHECKSUM_LENGTH);
}

function randomId(): string {
  return Array.from({ length: ID_LENGTH }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('');
}

/**
 * Makes a new key `aegis_<environment>_<id>_<secret><crc>`; the secret is random.
 * @param environment the server's ENVIRONMENT, so that a key shows which environment it is for
 * @param id of the key that gets a new secret; random unless given
 */
export function makeKey(environment: string, id = randomId()): MadeKey {
  const prefix = `aegis_${environment}_${id}`;
  const secret = base62(BigInt(`0x${randomBytes(SECRET_BYTES).toString('hex')}`), SECRET_LENGTH);
  const body = `${prefix}_${secret}`;
  return { id, prefix, key: body + checksum(body) };
}

/**
 * Reads a presented key. The checksum (CRC-32 as in zlib) detects a mistyped or cut key without a look-up; it proves
 * nothing about the secret.
 * @returns undefined if the text is not a key
 */
export function readKey(text: string): ReadKey | undefined {
  const [, body, environment, id, crc] = FORMAT.exec(text) ?? [];
  if (body === undefined || environment === undefined || id === undefined || checksum(body) !== crc)
    return undefined;
  return { environment, id };
}
