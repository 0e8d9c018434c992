import { limitStatements } from '@aegis/database';
import { jsonLine } from '@aegis/json';
import type { DataSource, EntityManager } from 'typeorm';
import { EXPORT_FORMAT, type ExportLine, recordOfLeaf } from './export-line';
import { isTooLongToExport } from './export-bounds';
import { leafOf } from '../tree/leaf';
import { auditPaths } from '../tree/merkle-tree';
import { readCheckpoint } from '../checkpoint';
import {
  isAsSealed,
  isComplete,
  isLeaf,
  readCheckpoints,
  type Seal,
  type SealedLeaf,
  sealHashesOf,
  sealsOf,
  type StoredCheckpoint,
} from '../tree/sealed-records';

/** What of the trail to export; all that is sealed unless narrowed. */
export interface ExportFilters {
  /** Recorded at this time or later. */
  since?: Date;
  /** Recorded before this time. */
  until?: Date;
  /** Number of the first checkpoint. */
  from?: number;
  /** Number of the last checkpoint. */
  to?: number;
}

/** What an export reported. */
export interface Exported {
  checkpoints: number;
  records: number;
  /** Ids of records that are not what was sealed: their proofs do not hold. */
  edited: string[];
  /** Ids of records that have more text than a line of an export may: they are left out. */
  too_large: string[];
}

const AT_ONCE = 16;

/**
 * Writes sealed records with their proofs, as they are at one moment, in the order of checkpoints and leaves.
 * @param write takes a line, without a line feed; waited for
 */
export function exportTrail(
  dataSource: DataSource,
  filters: ExportFilters,
  write: (line: string) => Promise<void>,
): Promise<Exported> {
  return dataSource.transaction('REPEATABLE READ', async (tx) => {
    await limitStatements(tx, { statementMs: 0, idleInTransactionMs: 0 });
    const exported: Exported = { checkpoints: 0, records: 0, edited: [], too_large: [] };
    const put = (line: ExportLine): Promise<void> => write(jsonLine(line));
    const [clock] = await tx.query<{ now: Date }[]>('SELECT clock_timestamp() AS now');
    await put({
      type: 'export',
      format: EXPORT_FORMAT,
      exported_at: (clock?.now ?? new Date(0)).toISOString(),
    });
    let last: string | undefined;
    for await (const { checkpoint, line } of proofs(tx, filters, exported)) {
      const { number, jws } = checkpoint;
      if (number !== last) {
        await put({ type: 'checkpoint', number: Number(number), jws });
        exported.checkpoints += 1;
        last = number;
      }
      await put(line);
      exported.records += 1;
    }
    await put({ type: 'end', checkpoints: exported.checkpoints, records: exported.records });
    return exported;
  });
}

interface Proof {
  checkpoint: StoredCheckpoint;
  line: ExportLine;
}

/** @param exported called with the records that have no valid proof */
async function* proofs(tx: EntityManager, filters: ExportFilters, exported: Exported): AsyncGenerator<Proof> {
  const { from = 1, to = Number.MAX_SAFE_INTEGER } = filters;
  for (let next = from; ;) {
    const batch = await readCheckpoints(tx, next, AT_ONCE);
    const wanted = batch.filter(({ number }) => Number(number) <= to);
    const seals = await sealHashesOf(tx, wanted);
    let tree: Tree | undefined;
    for await (const part of sealsOf(tx, wanted))
      for (const fields of part) {
        if (tree?.checkpoint.number !== fields.checkpoint) {
          const checkpoint = wanted.find(({ number }) => number === fields.checkpoint);
          if (checkpoint === undefined) continue;
          tree = treeOf(checkpoint, seals.get(checkpoint.number) ?? []);
        }
        const line = prove(fields, tree, filters, exported);
        if (line !== undefined) yield { checkpoint: tree.checkpoint, line };
      }
    if (wanted.length < AT_ONCE) return;
    next = Number(wanted.at(-1)?.number) + 1;
  }
}

interface Tree {
  checkpoint: StoredCheckpoint;
  /** By the record's id. */
  indexes: ReadonlyMap<string, number>;
  paths: readonly (readonly Buffer[])[];
}

function treeOf(checkpoint: StoredCheckpoint, seals: readonly Seal[]): Tree {
  const claims = readCheckpoint(checkpoint.jws);
  const leaves = seals.filter((seal) => isLeaf(seal, claims));
  return {
    checkpoint,
    indexes: new Map(leaves.map(({ audit_id }, index) => [audit_id, index])),
    paths: auditPaths(leaves.map(({ leaf_hash }) => leaf_hash)),
  };
}

/** @returns undefined for what is not exported */
function prove(
  fields: SealedLeaf,
  { indexes, paths }: Tree,
  { since, until }: ExportFilters,
  exported: Exported,
): ExportLine | undefined {
  const index = indexes.get(fields.audit_id);
  if (index === undefined || !isComplete(fields)) return undefined;
  const at = Date.parse(fields.recorded_at);
  if ((since && at < since.getTime()) || (until && at >= until.getTime())) return undefined;
  const leaf = leafOf(fields);
  if (fields.is_too_large || isTooLongToExport(leaf)) {
    exported.too_large.push(fields.audit_id);
    return undefined;
  }
  const record = recordOfLeaf(leaf);
  if (record === undefined) return undefined;
  if (!isAsSealed(fields)) exported.edited.push(fields.audit_id);
  const path = (paths[index] ?? []).map((hash) => hash.toString('base64url'));
  return { type: 'record', index, leaf, path, record };
}
