import { createHash } from 'node:crypto';

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** Hash of a leaf (RFC 6962, section 2.1): SHA-256 over 0x00 and the leaf's bytes. */
export function leafHash(leaf: Uint8Array | string): Buffer {
  return createHash('sha256').update(LEAF).update(leaf).digest();
}

/**
 * Root of the Merkle tree (RFC 6962, section 2.1).
 * @param leaves hashes of the leaves in their order
 * @returns 32 bytes; of no leaves the hash of nothing
 */
export function rootHash(leaves: readonly Buffer[]): Buffer {
  const [first] = leaves;
  if (first === undefined) return createHash('sha256').digest();
  if (leaves.length === 1) return first;
  const split = splitOf(leaves.length);
  return nodeHash(rootHash(leaves.slice(0, split)), rootHash(leaves.slice(split)));
}

/**
 * Audit path of a leaf (RFC 6962, section 2.1.1): the hashes that are needed to compute the root from the leaf.
 * @param leaves hashes of all leaves in their order
 * @param index of the leaf, from 0
 * @returns from the leaf's neighbour up
 * @throws RangeError when there is no such leaf
 */
export function auditPath(leaves: readonly Buffer[], index: number): Buffer[] {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length)
    throw new RangeError(`A tree of ${leaves.length} leaves has none at ${index}.`);
  if (leaves.length === 1) return [];
  const split = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split
    ? [...auditPath(left, index), rootHash(right)]
    : [...auditPath(right, index - split), rootHash(left)];
}

/** The audit paths of all leaves, at the cost of one tree. */
export function auditPaths(leaves: readonly Buffer[]): Buffer[][] {
  const paths = leaves.map((): Buffer[] => []);
  const build = (from: number, to: number): Buffer => {
    if (to - from <= 1) return leaves[from] ?? rootHash([]);
    const middle = from + splitOf(to - from);
    const [left, right] = [build(from, middle), build(middle, to)];
    for (const path of paths.slice(from, middle)) path.push(right);
    for (const path of paths.slice(middle, to)) path.push(left);
    return nodeHash(left, right);
  };
  build(0, leaves.length);
  return paths;
}

/**
 * The root that a leaf and its audit path lead to; it is in the tree when this is the tree's root (RFC 9162,
 * section 2.1.3.2).
 * @param index of the leaf, from 0
 * @param size leaves of the tree
 * @returns undefined when the path is not as long as it must be, or there is no such leaf
 */
export function rootFromPath(
  leaf: Buffer,
  index: number,
  size: number,
  path: readonly Buffer[],
): Buffer | undefined {
  if (!Number.isInteger(index) || !Number.isInteger(size) || index < 0 || index >= size) return undefined;
  if (size === 1) return path.length === 0 ? leaf : undefined;
  const last = path.at(-1);
  if (last === undefined) return undefined;
  const split = splitOf(size);
  const below = path.slice(0, -1);
  const left = index < split;
  const inner = left
    ? rootFromPath(leaf, index, split, below)
    : rootFromPath(leaf, index - split, size - split, below);
  if (inner === undefined) return undefined;
  return left ? nodeHash(inner, last) : nodeHash(last, inner);
}

function nodeHash(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(NODE).update(left).update(right).digest();
}

/** The largest power of two below `size`, which is at least 2. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}
