import type { EntityManager } from 'typeorm';
import type { CheckpointClaims } from '../checkpoint';
import type { Dropped } from './dropped-records';
import type { OnFinding } from './finding';
import { rootHash } from '../tree/merkle-tree';
import { MOST_LEAVES } from '../tree/leaf';
import {
  byCheckpoint,
  isAsSealed,
  isComplete,
  isLeaf,
  MOST_SEALS,
  type Seal,
  type SealedLeaf,
  sealsOf,
  type StoredCheckpoint,
} from '../tree/sealed-records';

/** A seal, and what was found out about its record. */
export interface JudgedSeal extends Seal {
  /** The record's time, as the seal says it. */
  sealed_at: string;
  record: 'as_sealed' | 'edited' | 'too_large' | 'gone';
}

/**
 * The seals of consecutive checkpoints, by the checkpoint's number, in the order of their trees. Of each tree the
 * first `MOST_SEALS`: so many are a finding, no matter what the others are.
 */
export async function judgedSealsOf(
  tx: EntityManager,
  checkpoints: readonly StoredCheckpoint[],
): Promise<Map<string, JudgedSeal[]>> {
  const seals: JudgedSeal[] = [];
  let tree: string | undefined;
  let count = 0;
  for await (const part of sealsOf(tx, checkpoints))
    for (const leaf of part) {
      count = leaf.checkpoint === tree ? count + 1 : 1;
      tree = leaf.checkpoint;
      if (count > MOST_SEALS) continue;
      const { checkpoint, audit_id, leaf_index, leaf_hash, sealed_at } = leaf;
      seals.push({ checkpoint, audit_id, leaf_index, leaf_hash, sealed_at, record: stateOf(leaf) });
    }
  return byCheckpoint(seals);
}

function stateOf(leaf: SealedLeaf): JudgedSeal['record'] {
  if (leaf.is_too_large) return 'too_large';
  if (!isComplete(leaf)) return 'gone';
  return isAsSealed(leaf) ? 'as_sealed' : 'edited';
}

/** What a checkpoint's records are compared with, in addition to their seals. */
export interface Expectations {
  /** Of the checkpoint; undefined when it is forged. */
  claims: CheckpointClaims | undefined;
  /** Seconds since 1970: no record of an earlier time may be among them. */
  notBefore: number | null;
  dropped: Dropped | undefined;
}

/**
 * Compares a checkpoint's records with their seals, and the seals with the checkpoint.
 * @returns how many of the records were dropped, and which of them have seals that are not leaves of its tree
 */
export async function verifyRecords(
  tx: EntityManager,
  checkpoint: number,
  seals: readonly JudgedSeal[],
  { claims, notBefore, dropped }: Expectations,
  onFinding: OnFinding,
): Promise<{ dropped: number; strays: string[] }> {
  const gone: (JudgedSeal & { early: boolean })[] = [];
  const leaves = seals.filter((seal) => isLeaf(seal, claims));
  const strays = seals.filter((seal) => !isLeaf(seal, claims));
  for (const { audit_id: record, leaf_index: leaf } of strays)
    onFinding({ kind: 'seal_stray', record, checkpoint, leaf });
  for (const leaf of leaves) {
    const record = leaf.audit_id;
    const early = notBefore !== null && Date.parse(leaf.sealed_at) < notBefore * 1000;
    if (leaf.record !== 'gone') {
      if (leaf.record === 'edited') onFinding({ kind: 'record_edited', record, checkpoint });
      if (leaf.record === 'too_large') onFinding({ kind: 'record_too_large', record, checkpoint });
      if (early) onFinding({ kind: 'record_backdated', record, checkpoint });
    } else gone.push({ ...leaf, early });
  }
  const droppedHere = await verifyGone(tx, checkpoint, gone, dropped, onFinding);
  if (claims !== undefined) verifyTree(checkpoint, leaves, claims, onFinding);
  return { dropped: droppedHere, strays: strays.map(({ audit_id }) => audit_id) };
}

/** A record that is not where its seal says has another time now, was dropped, or is missing. */
async function verifyGone(
  tx: EntityManager,
  checkpoint: number,
  gone: readonly (JudgedSeal & { early: boolean })[],
  dropped: Dropped | undefined,
  onFinding: OnFinding,
): Promise<number> {
  // A record that is too early for this checkpoint can't be one that was dropped.
  const mayBeDropped = ({ sealed_at, audit_id, early }: JudgedSeal & { early: boolean }): boolean =>
    dropped !== undefined &&
    !early &&
    Date.parse(sealed_at) < dropped.until.getTime() &&
    (dropped.firstKept === null || BigInt(audit_id) < BigInt(dropped.firstKept));
  const rest = gone.filter((leaf) => !mayBeDropped(leaf));
  if (rest.length > 0) {
    const elsewhere = await tx.query<{ id: string }[]>(
      'SELECT DISTINCT id::text AS id FROM audit_logs WHERE id = ANY($1::bigint[])',
      [rest.map(({ audit_id }) => audit_id)],
    );
    const moved = new Set(elsewhere.map(({ id }) => id));
    for (const { audit_id: record } of rest)
      onFinding({ kind: moved.has(record) ? 'record_edited' : 'record_missing', record, checkpoint });
  }
  return gone.length - rest.length;
}

function verifyTree(
  checkpoint: number,
  leaves: readonly JudgedSeal[],
  { root, size }: CheckpointClaims,
  onFinding: OnFinding,
): void {
  const isRoot = (list: readonly JudgedSeal[]): boolean =>
    rootHash(list.map(({ leaf_hash }) => leaf_hash)).toString('base64url') === root;
  if (leaves.length === size && isRoot(leaves)) return;
  if (size > MOST_LEAVES) {
    // It is forged, so a list of its missing leaves could be as long as it claims.
    onFinding({ kind: 'seals_changed', checkpoint });
    return;
  }
  const places = new Set(leaves.map(({ leaf_index }) => leaf_index));
  const missing = Array.from({ length: Math.max(0, size) }, (_, leaf) => leaf).filter(
    (leaf) => !places.has(leaf),
  );
  if (leaves.length < size && missing.length === size - leaves.length) {
    for (const leaf of missing) onFinding({ kind: 'seal_missing', checkpoint, leaf });
    return;
  }
  // A checkpoint's leaves are in the order of their ids.
  const inOrder = leaves.toSorted((one, other) => (BigInt(one.audit_id) < BigInt(other.audit_id) ? -1 : 1));
  if (!isRoot(inOrder)) {
    onFinding({ kind: 'seals_changed', checkpoint });
    return;
  }
  for (const [index, leaf] of leaves.entries())
    if (inOrder[index] !== leaf) onFinding({ kind: 'records_reordered', record: leaf.audit_id, checkpoint });
}
