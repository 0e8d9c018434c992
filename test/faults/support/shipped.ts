import { createReadStream } from 'node:fs';
import { readShipped } from '../../../libs/checkpoints/src/shipping/shipped-trail-file';
import { rootHash } from '../../../libs/checkpoints/src/tree/merkle-tree';

/**
 * What the file of a sink has.
 * @returns by the number of each checkpoint: whether it is there with all of its records, at least once
 */
export async function shippedTo(path: string): Promise<Map<number, boolean>> {
  const found = new Map<number, boolean>();
  for await (const part of readShipped(createReadStream(path))) {
    if (part.kind !== 'group') continue;
    const { claims, records } = part.group;
    const hashes = records.flatMap((record) => record?.hash ?? []);
    const isWhole = rootHash(hashes).toString('base64url') === claims.root;
    found.set(claims.number, isWhole || found.get(claims.number) === true);
  }
  return found;
}
