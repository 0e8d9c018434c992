import { rootHash } from '../tree/merkle-tree';
import type { ShippedSource } from './shipped-chain';
import { hasText, type SealedRecord, type ShippedRecord } from './shipped-record';
import { readShipped, type ShippedGroup } from './shipped-trail-file';

/** Reads a checkpoint with its records again. @param offset byte of the file where it begins @returns undefined if the file has changed */
export async function groupAt(
  source: ShippedSource,
  offset: number,
  hash: string,
): Promise<ShippedGroup | undefined> {
  for await (const part of readShipped(source.read(offset), offset)) {
    if (part.kind !== 'group') continue;
    if (part.group.hash === hash) return part.group;
    // Several may be in one line, all with its offset.
    if (part.group.offset > offset) return undefined;
  }
  return undefined;
}

/** Whether every record is there as a text, and their hashes give the root. */
export function isWhole({ claims, records }: Pick<ShippedGroup, 'claims' | 'records'>): boolean {
  const sealed = textsOf(records);
  return (
    sealed.length === claims.size &&
    records.length === claims.size &&
    rootHash(sealed.map(({ hash }) => hash)).toString('base64url') === claims.root
  );
}

/** Those whose text was shipped. */
export function textsOf(records: readonly (ShippedRecord | undefined)[]): SealedRecord[] {
  return records.filter((record) => record !== undefined).filter(hasText);
}
