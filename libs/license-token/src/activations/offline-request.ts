import { UUID } from '../claims/rules';
import { decodeBase32, encodeBase32, meantSymbols, wrongSymbolAt } from '../text/base32';
import { crc32 } from '../text/crc32';
import { bytesOfHex, hexOf } from '../text/hex';
import { REQUEST_NONCE } from './activation-claims';
import { activationFingerprint, FINGERPRINT_DIGEST } from './activation-fingerprint';

/** What an installation without a network asks for: an offline file for its seat. */
export interface OfflineRequest {
  /** A UUID in lower case. */
  license_id: string;
  /** `activationFingerprint()` of the installation. */
  fp: string;
  /** 16 random hex digits: a file with other ones answers another request. */
  nonce: string;
  /** By the installation's clock, whole seconds. */
  requested_at: Date;
}

/** Why a text is not a request. */
export interface RefusedRequest {
  /**
   * `character`: one is not in the alphabet; `length`: characters are missing, or there are too many; `checksum`: one was
   * mistaken for another one; `version`: a later version of this program made it.
   */
  refused: 'character' | 'length' | 'checksum' | 'version';
  /** The rule that it breaks, for the person who typed it, to be read after "the request"; holds nothing of the text. */
  rule: string;
}

/** Version, license id, fingerprint digest, nonce, time and checksum, in this order; numbers begin with the highest byte. */
const LICENSE_ID = 1;
const FP = LICENSE_ID + 16;
const NONCE = FP + 32;
const TIME = NONCE + 8;
const CHECKSUM = TIME + 4;
const LENGTH = CHECKSUM + 4;

const VERSION = 1;
/** Symbols of a request; five bytes take eight. */
const SYMBOLS = (LENGTH / 5) * 8;
/** Characters that are looked at: far more than a request has with everything that is put between. */
const MAX_TYPED = 1_000;
const MAX_SECOND = 0xffffffff;

/**
 * Makes the request of an installation, with a random nonce, which the installation keeps: by it `judgeOffline` knows
 * the file that answers this request.
 * @param fingerprint the installation's own identity, as it would activate with
 * @param now the installation's clock
 */
export async function newOfflineRequest(
  licenseId: string,
  fingerprint: string,
  now: Date,
): Promise<OfflineRequest> {
  return {
    license_id: licenseId.toLowerCase(),
    fp: await activationFingerprint(licenseId, fingerprint),
    nonce: hexOf(globalThis.crypto.getRandomValues(new Uint8Array(8))),
    requested_at: new Date(Math.floor(now.getTime() / 1000) * 1000),
  };
}

/**
 * Writes a request so that it can be typed, read out or drawn as a QR code: Crockford's Base32 in upper case, in groups
 * of five with hyphens between.
 * @throws RangeError when a member is not what a request has
 */
export function formatOfflineRequest({ license_id, fp, nonce, requested_at }: OfflineRequest): string {
  const second = requested_at.getTime() / 1000;
  if (!UUID.test(license_id)) throw new RangeError('license_id must be a UUID');
  if (!FINGERPRINT_DIGEST.test(fp)) throw new RangeError('fp must be 64 lower-case hex digits');
  if (!REQUEST_NONCE.test(nonce)) throw new RangeError('nonce must be 16 lower-case hex digits');
  if (!Number.isInteger(second) || second < 0 || second > MAX_SECOND)
    throw new RangeError('requested_at must be a whole second from 1970 to 2106');
  const bytes = new Uint8Array(LENGTH);
  const numbers = new DataView(bytes.buffer);
  bytes[0] = VERSION;
  bytes.set(bytesOfHex(license_id.replaceAll('-', '')), LICENSE_ID);
  bytes.set(bytesOfHex(fp), FP);
  bytes.set(bytesOfHex(nonce), NONCE);
  numbers.setUint32(TIME, second);
  numbers.setUint32(CHECKSUM, crc32(bytes.subarray(0, CHECKSUM)));
  return encodeBase32(bytes).replace(/.{5}(?!$)/g, '$&-');
}

/**
 * Reads a request as somebody typed it: in either case, with white space and hyphens anywhere, O for 0, I and L for 1. Any
 * one mistaken character is found. Never throws.
 */
export function parseOfflineRequest(typed: string): OfflineRequest | RefusedRequest {
  if (typed.length > MAX_TYPED) return wrongLength('far more');
  const symbols = meantSymbols(typed);
  const wrong = wrongSymbolAt(symbols);
  if (wrong >= 0) return { refused: 'character', rule: characterRule(wrong) };
  if (symbols.length !== SYMBOLS) return wrongLength(String(symbols.length));
  const bytes = decodeBase32(symbols);
  const numbers = new DataView(bytes.buffer);
  if (numbers.getUint32(CHECKSUM) !== crc32(bytes.subarray(0, CHECKSUM)))
    return {
      refused: 'checksum',
      rule: 'has a wrong character, or two that are exchanged: compare it with the original',
    };
  if (bytes[0] !== VERSION)
    return {
      refused: 'version',
      rule: 'was made by a later version of the client, which is not known here',
    };
  return {
    license_id: uuidOf(bytes.subarray(LICENSE_ID, FP)),
    fp: hexOf(bytes.subarray(FP, NONCE)),
    nonce: hexOf(bytes.subarray(NONCE, TIME)),
    requested_at: new Date(numbers.getUint32(TIME) * 1000),
  };
}

/** @param at from 0, of the characters that count */
function characterRule(at: number): string {
  return `has a wrong character at position ${at + 1}, hyphens and spaces not counted: only digits and the letters A to Z without U can be in it`;
}

function wrongLength(found: string): RefusedRequest {
  return {
    refused: 'length',
    rule: `must have ${SYMBOLS} characters, hyphens and spaces not counted; it has ${found}`,
  };
}

function uuidOf(bytes: Uint8Array): string {
  return hexOf(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
