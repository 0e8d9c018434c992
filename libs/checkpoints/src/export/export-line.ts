import { nestsTooDeep } from '@aegis/audit';
import type { LeafFields } from '../tree/leaf';
import { areSpelledAlike } from './json-spelling';

export const EXPORT_FORMAT = 'aegis-audit-export-1';

/**
 * A record as an export shows it: the sealed fields, parsed. Data that nests too deep is replaced by
 * `{"too_large": true}`.
 */
export type ExportedRecord = Omit<LeafFields, 'event_data'> & { event_data: unknown };

/** One line of an export (NDJSON): a head, each checkpoint before its records, an end. */
export type ExportLine =
  | { type: 'export'; format: typeof EXPORT_FORMAT; exported_at: string }
  | { type: 'checkpoint'; number: number; jws: string }
  | {
      type: 'record';
      /** The previous line has a smaller one. */
      index: number;
      leaf: string;
      /** base64url, from the leaf's neighbour up. */
      path: string[];
      record: ExportedRecord;
    }
  | { type: 'end'; checkpoints: number; records: number };

/** @returns undefined when the text is not a leaf */
export function recordOfLeaf(leaf: string): ExportedRecord | undefined {
  try {
    const values: unknown = JSON.parse(leaf);
    if (!Array.isArray(values) || values.length !== 13 || values[0] !== 'aegis-audit-1') return undefined;
    const [, id, recorded_at, event_type, license_id, customer_id, module_name, api_key_id, actor] =
      values as string[];
    const [user_agent, request_id, event_data = '', occurred_at] = (values as string[]).slice(9);
    const record = { id, recorded_at, event_type, license_id, customer_id, module_name, api_key_id, actor };
    return {
      ...record,
      user_agent,
      request_id,
      event_data: nestsTooDeep(event_data) ? { too_large: true } : (JSON.parse(event_data) as unknown),
      occurred_at,
    } as ExportedRecord;
  } catch {
    return undefined;
  }
}

/** The members of each kind of line, and no others: any further member would seem to be proven with the line. */
const MEMBERS: Readonly<Record<ExportLine['type'], string>> = {
  export: 'exported_at format type',
  checkpoint: 'jws number type',
  record: 'index leaf path record type',
  end: 'checkpoints records type',
};

/**
 * Reads a line exactly as `exportTrail` writes it, except for escapes: JSON.parse would hide a repeated name, and
 * digits that a double does not keep.
 * @returns undefined when the text is not a line of an export
 */
export function parseExportLine(text: string): ExportLine | undefined {
  try {
    const line = JSON.parse(text) as Partial<Record<string, unknown>> | null;
    const isWhole = line !== null && areSpelledAlike(JSON.stringify(line), text.trim()) && isExportLine(line);
    return isWhole ? (line as unknown as ExportLine) : undefined;
  } catch {
    return undefined;
  }
}

function isExportLine(line: Partial<Record<string, unknown>>): boolean {
  const { type, format, exported_at, number, jws, index, leaf, path, record, checkpoints, records } = line;
  if (!isKind(type) || Object.keys(line).sort().join(' ') !== MEMBERS[type]) return false;
  switch (type) {
    case 'export':
      return format === EXPORT_FORMAT && typeof exported_at === 'string';
    case 'checkpoint':
      return Number.isSafeInteger(number) && typeof jws === 'string';
    case 'record':
      return (
        Number.isSafeInteger(index) &&
        Array.isArray(path) &&
        path.every((hash) => typeof hash === 'string') &&
        typeof leaf === 'string' &&
        record !== undefined &&
        JSON.stringify(recordOfLeaf(leaf)) === JSON.stringify(record)
      );
    case 'end':
      return Number.isSafeInteger(checkpoints) && Number.isSafeInteger(records);
  }
}

function isKind(type: unknown): type is ExportLine['type'] {
  return typeof type === 'string' && Object.hasOwn(MEMBERS, type);
}
