import type { DataSource } from 'typeorm';
import { openCheckpoint } from '../checkpoint';
import { TrailNotDroppable } from '../checkpoints.errors';
import { isTooLongToExport } from './export-bounds';
import { type LeafFields, leafOf } from '../tree/leaf';
import { rootHash } from '../tree/merkle-tree';
import {
  isAsSealed,
  isComplete,
  isLeaf,
  readCheckpoints,
  type SealedLeaf,
  sealHashesOf,
  sealsOf,
} from '../tree/sealed-records';
import type { CheckpointKeys } from '../verification/checkpoint-keys';

/** The record of a drop contains the remaining part of their proofs. */
const MOST_UNPROVEN = 100;

/** A sealed record that no export can prove, and what is left of its proof: its seal, with the rest of the tree. */
export interface UnprovenRecord {
  id: string;
  /** Number of the checkpoint that seals it. */
  checkpoint: number;
  /** Place in the checkpoint's tree, from 0. */
  index: number;
  /** Hash of the leaf that was sealed, base64url: a copy of the record that was kept elsewhere can be compared with it. */
  leaf_hash: string;
}

/**
 * Reads the seals of records that no export can prove: they are too large to be read or exported, or are not
 * what was sealed.
 * @param ids `MOST_UNPROVEN` at most
 * @param since milliseconds since 1970: the records must be of this time or later
 * @param before and of an earlier time
 * @param keys that checkpoints are verified with
 * @throws TrailNotDroppable for a record that is not sealed, can be exported, or whose seals differ from their checkpoint
 */
export async function readUnproven(
  owner: DataSource,
  ids: ReadonlySet<string>,
  { since, before, keys }: { since: number; before: Date; keys: CheckpointKeys },
): Promise<UnprovenRecord[]> {
  if (ids.size > MOST_UNPROVEN)
    throw new TrailNotDroppable(`at most ${MOST_UNPROVEN} records may be named that no export proves`);
  const records: UnprovenRecord[] = [];
  for (const id of ids) {
    const leaf = await leafOfRecord(owner, id, keys);
    if (!leaf.is_too_large && isAsSealed(leaf) && !isTooLongToExport(leafOf(leaf)))
      throw new TrailNotDroppable(`record ${id} is as it was sealed, so an export can prove it`);
    const at = Date.parse(leaf.sealed_at);
    if (!(at >= since && at < before.getTime()))
      throw new TrailNotDroppable(`record ${id} is not one of those that would go`);
    const { checkpoint, leaf_index: index, leaf_hash } = leaf;
    records.push({ id, checkpoint: Number(checkpoint), index, leaf_hash: leaf_hash.toString('base64url') });
  }
  return records;
}

/** The record and its seal, if the checkpoint confirms the seal. */
async function leafOfRecord(
  { manager }: DataSource,
  id: string,
  keys: CheckpointKeys,
): Promise<SealedLeaf & LeafFields> {
  const [seal] = await manager.query<{ checkpoint: number }[]>(
    'SELECT checkpoint::float8 AS checkpoint FROM audit_seals WHERE audit_id = $1 LIMIT 1',
    [id],
  );
  const [checkpoint] = seal === undefined ? [] : await readCheckpoints(manager, seal.checkpoint, 1);
  if (checkpoint === undefined || Number(checkpoint.number) !== seal?.checkpoint)
    throw new TrailNotDroppable(`record ${id} is not sealed`);
  const { jws, number } = checkpoint;
  const claims = await openCheckpoint(jws, async (kid) => (await keys(kid, jws))?.publicKey);
  const seals = (await sealHashesOf(manager, [checkpoint])).get(number) ?? [];
  const hashes = seals.filter((one) => isLeaf(one, claims)).map(({ leaf_hash }) => leaf_hash);
  if (rootHash(hashes).toString('base64url') !== claims?.root)
    throw new TrailNotDroppable(
      `checkpoint ${number}, which seals record ${id}, is not valid by these keys: verify the trail`,
    );
  for await (const part of sealsOf(manager, [checkpoint]))
    for (const leaf of part)
      if (leaf.audit_id === id && isLeaf(leaf, claims) && isComplete(leaf)) return leaf;
  throw new TrailNotDroppable(`no record ${id} is there of the time that its seal says`);
}
