import { jsonLine } from '@aegis/json-line';
import type { DataSource, EntityManager } from 'typeorm';
import { EXPORT_FORMAT, type ExportLine, recordOfLeaf } from './export-line';
import { leafOf } from './leaf';
import { auditPaths } from './merkle-tree';
import { readCheckpoint } from './checkpoint';
import {
  isAsSealed,
  isComplete,
  isLeaf,
  readCheckpoints,
  type SealedLeaf,
  sealsOf,
  type StoredCheckpoint,
} from './sealed-records';

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

/** What an export told of. */
export interface Exported {
  checkpoints: number;
  records: number;
  /** Ids of records that are not what was sealed: their proofs do not hold. */
  edited: string[];
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
    await tx.query(`SELECT set_config('statement_timeout', '0', true),
                           set_config('idle_in_transaction_session_timeout', '0', true)`);
    const exported: Exported = { checkpoints: 0, records: 0, edited: [] };
    const put = (line: ExportLine): Promise<void> => write(jsonLine(line));
    const [clock] = await tx.query<{ now: Date }[]>('SELECT clock_timestamp() AS now');
    await put({
      type: 'export',
      format: EXPORT_FORMAT,
      exported_at: (clock?.now ?? new Date(0)).toISOString(),
    });
    for await (const { number, jws, lines, edited } of proofs(tx, filters)) {
      await put({ type: 'checkpoint', number, jws });
      for (const line of lines) await put(line);
      exported.checkpoints += 1;
      exported.records += lines.length;
      exported.edited.push(...edited);
    }
    await put({ type: 'end', checkpoints: exported.checkpoints, records: exported.records });
    return exported;
  });
}

interface ProvenCheckpoint {
  number: number;
  jws: string;
  lines: ExportLine[];
  edited: string[];
}

async function* proofs(tx: EntityManager, filters: ExportFilters): AsyncGenerator<ProvenCheckpoint> {
  const { from = 1, to = Number.MAX_SAFE_INTEGER } = filters;
  for (let next = from; ;) {
    const batch = await readCheckpoints(tx, next, AT_ONCE);
    const seals = await sealsOf(tx, batch);
    for (const one of batch) {
      next = Number(one.number) + 1;
      if (next > to + 1) return;
      const proven = prove(one, seals.get(one.number) ?? [], filters);
      if (proven.lines.length > 0) yield proven;
    }
    if (batch.length < AT_ONCE) return;
  }
}

function prove(
  { number, jws }: StoredCheckpoint,
  seals: readonly SealedLeaf[],
  { since, until }: ExportFilters,
): ProvenCheckpoint {
  const claims = readCheckpoint(jws);
  const leaves = seals.filter((seal) => isLeaf(seal, claims));
  const paths = auditPaths(leaves.map(({ leaf_hash }) => leaf_hash));
  const proven: ProvenCheckpoint = { number: Number(number), jws, lines: [], edited: [] };
  for (const [index, fields] of leaves.entries()) {
    if (!isComplete(fields)) continue;
    const at = Date.parse(fields.recorded_at);
    if ((since && at < since.getTime()) || (until && at >= until.getTime())) continue;
    const leaf = leafOf(fields);
    const record = recordOfLeaf(leaf);
    if (record === undefined) continue;
    if (!isAsSealed(fields)) proven.edited.push(fields.audit_id);
    const path = (paths[index] ?? []).map((hash) => hash.toString('base64url'));
    proven.lines.push({ type: 'record', index, leaf, path, record });
  }
  return proven;
}
