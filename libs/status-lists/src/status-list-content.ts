import { STATUS_VALUES } from '@aegis/license-token';
import { promisify } from 'node:util';
import { constants, deflate } from 'node:zlib';
import { STATUS_LIST_SIZE } from './status-places';

/** Bits of one status: valid, revoked, suspended. */
export const BITS = 2;

const PER_BYTE = 8 / BITS;
const INDEX_BYTES = 4;
const compress = promisify(deflate);

/**
 * Sets the statuses of one list (draft-ietf-oauth-status-list, section 4.1); every other token of it is valid.
 * @param revoked indexes, 4 bytes each, big-endian; they outrank those of `suspended`
 * @param suspended indexes, in the same form
 * @returns 2 bits per token, the first in the lowest bits of the first byte
 * @throws RangeError for an index beyond the list
 */
export function packStatuses(revoked: Buffer, suspended: Buffer): Buffer {
  const statuses = Buffer.alloc(STATUS_LIST_SIZE / PER_BYTE);
  mark(statuses, suspended, STATUS_VALUES.suspended);
  mark(statuses, revoked, STATUS_VALUES.revoked);
  return statuses;
}

function mark(statuses: Buffer, indexes: Buffer, value: number): void {
  for (let at = 0; at < indexes.length; at += INDEX_BYTES) {
    const index = indexes.readUInt32BE(at);
    const byte = Math.floor(index / PER_BYTE);
    const shift = (index % PER_BYTE) * BITS;
    const others = statuses.readUInt8(byte) & ~(((1 << BITS) - 1) << shift);
    statuses.writeUInt8(others | (value << shift), byte);
  }
}

/** The member `lst`: zlib (RFC 1950) in base64url. Takes up to 0.1 s of another thread's time. */
export async function compressStatuses(statuses: Buffer): Promise<string> {
  return (await compress(statuses, { level: constants.Z_BEST_COMPRESSION })).toString('base64url');
}
