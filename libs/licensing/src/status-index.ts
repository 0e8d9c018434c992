import { createHmac } from 'node:crypto';

/** Tokens in one Token Status List. */
export const STATUS_LIST_SIZE = 131_072;

const HALF_BITS = 9;
const HALF_MASK = (1 << HALF_BITS) - 1;
const ROUNDS = 6;

/** Where a token's status stands (draft-ietf-oauth-status-list). */
export interface StatusPlace {
  list: number;
  index: number;
}

/**
 * Place of the n-th token: lists fill one after another, and within a list a keyed permutation scatters the
 * numbers, so that neighbouring indexes tell nothing about who bought when.
 * @param key secret of this deployment, never changed: another key would give places twice
 * @param sequenceNumber 0, 1, 2 …; gaps only leave a place empty
 */
export function statusPlace(key: Uint8Array, sequenceNumber: number): StatusPlace {
  const list = Math.floor(sequenceNumber / STATUS_LIST_SIZE);
  let index = permute(key, list, sequenceNumber % STATUS_LIST_SIZE);
  // The network permutes 18 bits; walking its cycle until a number of 17 bits comes is a permutation of those.
  while (index >= STATUS_LIST_SIZE) index = permute(key, list, index);
  return { list, index };
}

/** A balanced Feistel network over 18 bits: a permutation whatever its round function is. */
function permute(key: Uint8Array, list: number, value: number): number {
  let left = value >> HALF_BITS;
  let right = value & HALF_MASK;
  for (let round = 0; round < ROUNDS; round += 1) {
    const digest = createHmac('sha256', key).update(`${list}:${round}:${right}`).digest();
    [left, right] = [right, left ^ (digest.readUInt16BE(0) & HALF_MASK)];
  }
  return (left << HALF_BITS) | right;
}
