import type { EntityManager } from 'typeorm';
import { type CheckpointClaims, jwsFrom } from './checkpoint';
import { LEAF_COLUMNS, type LeafFields, leafOf, TIMES_ARE_SEALABLE } from './leaf';
import { leafHash } from './merkle-tree';

export interface StoredCheckpoint {
  number: string;
  jws: string;
}

/** A seal, with its record if that is there. */
export type SealedLeaf = Partial<LeafFields> & {
  checkpoint: string;
  audit_id: string;
  /** The record's time, as the seal says it. */
  sealed_at: string;
  leaf_index: number;
  leaf_hash: Buffer;
  /** Whether a leaf tells the record's times from all others; null without the record. */
  is_sealable: boolean | null;
};

/** Whether the record of a seal is there. */
export function isComplete(leaf: SealedLeaf): leaf is SealedLeaf & LeafFields {
  return typeof leaf.id === 'string';
}

/** Whether a record is what its seal says. */
export function isAsSealed(leaf: SealedLeaf & LeafFields): boolean {
  return leaf.is_sealable === true && leafHash(leafOf(leaf)).equals(leaf.leaf_hash);
}

/**
 * Whether a seal can be a leaf of its checkpoint's tree.
 * @param claims of the checkpoint; undefined when it can't be read
 */
export function isLeaf({ leaf_index }: SealedLeaf, claims: CheckpointClaims | undefined): boolean {
  return claims === undefined || (leaf_index >= 0 && leaf_index < claims.size);
}

/** Checkpoints in their order, beginning with a number. */
export function readCheckpoints(tx: EntityManager, from: number, count: number): Promise<StoredCheckpoint[]> {
  return tx.query<StoredCheckpoint[]>(
    `SELECT number, ${jwsFrom('jws')} AS jws FROM audit_checkpoints WHERE number >= $1 ORDER BY number LIMIT $2`,
    [from, count],
  );
}

/** The seals of checkpoints that follow one another, by the checkpoint's number, in the order of their trees. */
export async function sealsOf(
  tx: EntityManager,
  checkpoints: readonly StoredCheckpoint[],
): Promise<Map<string, SealedLeaf[]>> {
  const [first, last] = [checkpoints.at(0), checkpoints.at(-1)];
  if (first === undefined || last === undefined) return new Map();
  const seals = new Map<string, SealedLeaf[]>();
  for (const seal of await readSeals(tx, first.number, last.number)) {
    const here = seals.get(seal.checkpoint);
    if (here === undefined) seals.set(seal.checkpoint, [seal]);
    else here.push(seal);
  }
  return seals;
}

function readSeals(tx: EntityManager, first: string, last: string): Promise<SealedLeaf[]> {
  return tx.query<SealedLeaf[]>(
    `SELECT seal.checkpoint, seal.audit_id::text AS audit_id, seal.leaf_index, seal.leaf_hash,
            to_char(seal.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS sealed_at,
            ${TIMES_ARE_SEALABLE} AS is_sealable, ${LEAF_COLUMNS}
     FROM audit_seals AS seal
     LEFT JOIN audit_logs AS record ON record.id = seal.audit_id AND record.recorded_at = seal.recorded_at
     WHERE seal.checkpoint BETWEEN $1 AND $2 ORDER BY seal.checkpoint, seal.leaf_index`,
    [first, last],
  );
}
