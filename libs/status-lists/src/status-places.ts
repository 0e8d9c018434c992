import { createHmac } from 'node:crypto';

/** Tokens in one Token Status List. */
export const STATUS_LIST_SIZE = 131_072;

const HALF_BITS = 9;
const HALF_MASK = (1 << HALF_BITS) - 1;
const ROUNDS = 6;

/** Where a token's status is (draft-ietf-oauth-status-list). */
export interface StatusPlace {
  list: number;
  index: number;
}

/**
 * Places of the tokens: lists fill one after another, and within a list a keyed permutation scatters the numbers, so
 * that neighbouring indexes reveal nothing about who bought when.
 */
export class StatusPlaces {
  /** Of the list that is being filled: its round function has 3,072 inputs, and a dozen are asked for each token. */
  private network?: FeistelNetwork;

  /** @param key secret of this deployment, never changed: another key would give places twice */
  constructor(private readonly key: Uint8Array) {}

  /** @param sequenceNumber 0, 1, 2 …; gaps only leave a place empty */
  at(sequenceNumber: number): StatusPlace {
    const list = Math.floor(sequenceNumber / STATUS_LIST_SIZE);
    if (this.network?.list !== list) this.network = new FeistelNetwork(this.key, list);
    let index = this.network.permute(sequenceNumber % STATUS_LIST_SIZE);
    // The network permutes 18 bits; walking its cycle until a number of 17 bits comes is a permutation of those.
    while (index >= STATUS_LIST_SIZE) index = this.network.permute(index);
    return { list, index };
  }

  /**
   * The sequence number that has a place: the opposite of `at`.
   * @param place `index` from 0 to `STATUS_LIST_SIZE` - 1
   */
  numberOf({ list, index }: StatusPlace): number {
    const network = new FeistelNetwork(this.key, list);
    let number = network.permuteBack(index);
    while (number >= STATUS_LIST_SIZE) number = network.permuteBack(number);
    return list * STATUS_LIST_SIZE + number;
  }
}

/** A balanced Feistel network over 18 bits: a permutation whatever its round function is. */
class FeistelNetwork {
  private readonly rounds = Array.from({ length: ROUNDS }, () => new Map<number, number>());

  constructor(
    private readonly key: Uint8Array,
    readonly list: number,
  ) {}

  permute(value: number): number {
    let left = value >> HALF_BITS;
    let right = value & HALF_MASK;
    for (let round = 0; round < ROUNDS; round += 1) [left, right] = [right, left ^ this.mixed(round, right)];
    return (left << HALF_BITS) | right;
  }

  permuteBack(value: number): number {
    let left = value >> HALF_BITS;
    let right = value & HALF_MASK;
    for (let round = ROUNDS - 1; round >= 0; round -= 1)
      [left, right] = [right ^ this.mixed(round, left), left];
    return (left << HALF_BITS) | right;
  }

  private mixed(round: number, half: number): number {
    const known = this.rounds[round];
    const mixed = known?.get(half) ?? this.mix(round, half);
    known?.set(half, mixed);
    return mixed;
  }

  private mix(round: number, half: number): number {
    const digest = createHmac('sha256', this.key).update(`${this.list}:${round}:${half}`).digest();
    return digest.readUInt16BE(0) & HALF_MASK;
  }
}

/** The places of this deployment's tokens, by the key that the database has. */
export async function openStatusPlaces(database: {
  query<T>(sql: string): Promise<T>;
}): Promise<StatusPlaces> {
  const [row] = await database.query<{ key: Buffer }[]>('SELECT key FROM status_index_key');
  if (!row) throw new Error('status_index_key is empty: the migrations did not run');
  return new StatusPlaces(row.key);
}
