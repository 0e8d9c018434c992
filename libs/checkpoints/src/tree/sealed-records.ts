import { MOST_RECORD_BYTES, recordBytes, recordColumnsWhere } from '@aegis/audit';
import type { EntityManager } from 'typeorm';
import { type CheckpointClaims, jwsFrom } from '../checkpoint';
import { LEAF_COLUMNS, type LeafFields, leafOf, MOST_LEAVES, TIMES_ARE_SEALABLE } from './leaf';
import { leafHash } from './merkle-tree';

/** Seals that are read at once at most. */
const AT_ONCE = 4096;

/** Seals of one tree that are read at most: a tree with more of them than leaves does not hold. */
export const MOST_SEALS = 2 * MOST_LEAVES;

/** The SQL condition that a seal can be a leaf of some tree. */
export function isLeafOfSomeTree(seal: string): string {
  return `(${seal}.leaf_index >= 0 AND ${seal}.leaf_index < ${MOST_LEAVES})`;
}

/** The SQL expression for the hash of a seal, empty where it is not a SHA-256 hash. */
export function leafHashFrom(column: string): string {
  return `CASE WHEN octet_length(${column}) = 32 THEN ${column} ELSE '' END`;
}

export interface StoredCheckpoint {
  number: string;
  jws: string;
}

/** A seal. */
export interface Seal {
  checkpoint: string;
  audit_id: string;
  leaf_index: number;
  /** Empty where it is not a SHA-256 hash. */
  leaf_hash: Buffer;
}

/** A seal, with its record if that is there. */
export type SealedLeaf = Partial<LeafFields> &
  Seal & {
    /** The record's time, as the seal says it. */
    sealed_at: string;
    /** Whether the leaf's text identifies the record's times uniquely; null without the record. */
    is_sealable: boolean | null;
    /** The record has more text than may be read: of the fields only those that have a fixed length are here. */
    is_too_large: boolean;
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
export function isLeaf({ leaf_index }: Seal, claims: CheckpointClaims | undefined): boolean {
  return claims === undefined || (leaf_index >= 0 && leaf_index < claims.size);
}

/** Checkpoints in their order, beginning with a number. */
export function readCheckpoints(tx: EntityManager, from: number, count: number): Promise<StoredCheckpoint[]> {
  return tx.query<StoredCheckpoint[]>(
    `SELECT number, ${jwsFrom('jws')} AS jws FROM audit_checkpoints
     WHERE number >= $1 AND number <= ${Number.MAX_SAFE_INTEGER} ORDER BY number LIMIT $2`,
    [from, count],
  );
}

/**
 * The seals of checkpoints that follow one another that can be leaves, with their records, in the order of the
 * checkpoints and their trees: a part at a time, of at most some thousand seals and `MOST_RECORD_BYTES` of text.
 */
export async function* sealsOf(
  tx: EntityManager,
  checkpoints: readonly StoredCheckpoint[],
): AsyncGenerator<SealedLeaf[]> {
  const [first, last] = [checkpoints.at(0), checkpoints.at(-1)];
  if (first === undefined || last === undefined) return;
  let after: SealedLeaf | undefined;
  do {
    const seals = await readSeals(tx, first.number, last.number, after);
    if (seals.length > 0) yield seals;
    after = seals.at(-1);
  } while (after !== undefined);
}

/**
 * The seals of checkpoints that follow one another, without their records, by the checkpoint's number, in the order of
 * their trees: of each tree the first `MOST_SEALS` that can be leaves.
 */
export async function sealHashesOf(
  tx: EntityManager,
  checkpoints: readonly StoredCheckpoint[],
): Promise<Map<string, Seal[]>> {
  const seals = await tx.query<Seal[]>(
    `SELECT checkpoint, audit_id::text AS audit_id, leaf_index, ${leafHashFrom('seal.leaf_hash')} AS leaf_hash
     FROM (SELECT *, row_number() OVER (PARTITION BY checkpoint ORDER BY leaf_index, audit_id) AS place
           FROM audit_seals AS sealing
           WHERE checkpoint BETWEEN $1 AND $2 AND ${isLeafOfSomeTree('sealing')}) AS seal
     WHERE place <= ${MOST_SEALS} ORDER BY checkpoint, leaf_index, seal.audit_id`,
    [checkpoints.at(0)?.number ?? null, checkpoints.at(-1)?.number ?? null],
  );
  return byCheckpoint(seals);
}

/** Seals by the number of their checkpoint, in their order. */
export function byCheckpoint<T extends Seal>(seals: Iterable<T>): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const seal of seals) {
    const here = found.get(seal.checkpoint);
    if (here === undefined) found.set(seal.checkpoint, [seal]);
    else here.push(seal);
  }
  return found;
}

function readSeals(
  tx: EntityManager,
  first: string,
  last: string,
  after: SealedLeaf | undefined,
): Promise<SealedLeaf[]> {
  // A record that is too large by itself is not read at all, so that each part has at least one seal.
  return tx.query<SealedLeaf[]>(
    `SELECT checkpoint, audit_id::text AS audit_id, leaf_index, leaf_hash, sealed_at, is_too_large,
            ${TIMES_ARE_SEALABLE} AS is_sealable, ${LEAF_COLUMNS}
     FROM (
       SELECT *, sum(CASE WHEN is_too_large THEN 0 ELSE bytes END)
                   OVER (ORDER BY checkpoint, leaf_index, audit_id ROWS UNBOUNDED PRECEDING) AS bytes_so_far
       FROM (
         SELECT seal.checkpoint, seal.audit_id, seal.leaf_index, ${leafHashFrom('seal.leaf_hash')} AS leaf_hash,
                to_char(seal.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS sealed_at,
                size.bytes, size.bytes > ${MOST_RECORD_BYTES} AS is_too_large,
                ${recordColumnsWhere('logged', `size.bytes <= ${MOST_RECORD_BYTES}`)}
         -- First which seals, then how large their records are: a plan that sorts would find out the size of all.
         FROM (SELECT * FROM audit_seals AS seal
               WHERE seal.checkpoint BETWEEN $1 AND $2 AND ${isLeafOfSomeTree('seal')}
                 AND ($3::bigint IS NULL OR (seal.checkpoint, seal.leaf_index, seal.audit_id) > ($3, $4::integer, $5::bigint))
               ORDER BY seal.checkpoint, seal.leaf_index, seal.audit_id LIMIT ${AT_ONCE}) AS seal
         LEFT JOIN audit_logs AS logged ON logged.id = seal.audit_id AND logged.recorded_at = seal.recorded_at
         -- OFFSET 0: found out once for each record, not once for each of its columns.
         CROSS JOIN LATERAL (SELECT ${recordBytes('logged')} AS bytes OFFSET 0) AS size) AS sized) AS record
     WHERE bytes_so_far <= ${MOST_RECORD_BYTES}
     ORDER BY record.checkpoint, record.leaf_index, record.audit_id`,
    [
      after?.checkpoint ?? first,
      last,
      after?.checkpoint ?? null,
      after?.leaf_index ?? null,
      after?.audit_id ?? null,
    ],
  );
}
