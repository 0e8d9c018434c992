import type { LeafFields } from '../tree/leaf';

/** A record whose text was shipped. */
export interface SealedRecord {
  fields: LeafFields;
  /** Of the leaf. */
  hash: Buffer;
}

/** A record as it was shipped: its sealed text, or the hash of that where only the hash was shipped. */
export type ShippedRecord = SealedRecord | { hash: Buffer };

/** Whether the text of a record was shipped, not its hash alone. */
export function hasText(record: ShippedRecord): record is SealedRecord {
  return 'fields' in record;
}
