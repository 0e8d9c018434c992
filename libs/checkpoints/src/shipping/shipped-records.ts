import type { EntityManager } from 'typeorm';
import { readCheckpoint } from '../checkpoint';
import { isTooLongToExport, MOST_LINE } from '../export/export-bounds';
import { type LeafFields, leafOf } from '../tree/leaf';
import { leafHash } from '../tree/merkle-tree';
import {
  isAsSealed,
  isComplete,
  isLeaf,
  type SealedLeaf,
  sealsOf,
  type StoredCheckpoint,
} from '../tree/sealed-records';
import type { ShippedCheckpoint } from './checkpoint-sink';
import type { SealedRecord, ShippedRecord } from './shipped-record';

/** The largest bigint of PostgreSQL. */
const MOST_AUDIT_ID = 2n ** 63n - 1n;

/** Name of what stands for a record whose text is not shipped. */
const HASH = 'leaf-hash';

/** The beginning of every line of a shipped trail that is a record. No checkpoint begins with it. */
const RECORD_LINE = '[';

/** Characters of the records of one delivery at most, unless its first checkpoint alone has more. */
const MOST_CHARACTERS = 8 * 1024 * 1024;

/**
 * Reads the records of checkpoints as they are shipped, in the order of the tree. A record that is missing, was
 * changed after it was sealed, or has more text than an export may have is shipped as its hash: the tree can still be
 * built.
 * @param checkpoints consecutive ones
 * @returns the first of them, each with its records: as many as one delivery takes, at least one
 */
export async function withRecords(
  tx: EntityManager,
  checkpoints: readonly StoredCheckpoint[],
): Promise<ShippedCheckpoint[]> {
  const shipped: ShippedCheckpoint[] = [];
  let characters = 0;
  for (const { number, jws } of checkpoints) {
    const records = await recordsOf(tx, { number, jws });
    for (const { length } of records) characters += length;
    if (shipped.length > 0 && characters > MOST_CHARACTERS) break;
    shipped.push({ number: Number(number), jws, records });
  }
  return shipped;
}

async function recordsOf(tx: EntityManager, checkpoint: StoredCheckpoint): Promise<string[]> {
  const claims = readCheckpoint(checkpoint.jws);
  const records: string[] = [];
  for await (const part of sealsOf(tx, [checkpoint]))
    for (const seal of part) if (isLeaf(seal, claims)) records.push(recordText(seal));
  return records;
}

function recordText(seal: SealedLeaf): string {
  if (isComplete(seal) && !seal.is_too_large && isAsSealed(seal)) {
    const leaf = leafOf(seal);
    if (!isTooLongToExport(leaf)) return leaf;
  }
  return JSON.stringify([HASH, seal.leaf_hash.toString('base64url')]);
}

/** Whether a line of a shipped trail is a record, whole or cut short, and not a checkpoint. */
export function isRecordLine(line: string): boolean {
  return line.startsWith(RECORD_LINE);
}

/** @returns undefined when the text is not a record as it is shipped; never throws */
export function parseShippedRecord(text: string): ShippedRecord | undefined {
  if (text.length > MOST_LINE) return undefined;
  const values = parsed(text);
  if (!Array.isArray(values)) return undefined;
  const [name, hash] = values as unknown[];
  if (name !== HASH) return sealedRecord(text, values);
  const bytes = typeof hash === 'string' ? Buffer.from(hash, 'base64url') : undefined;
  return bytes?.length === 32 ? { hash: bytes } : undefined;
}

/** @returns undefined where it is not JSON: null is never a record either */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function sealedRecord(leaf: string, [format, ...values]: readonly unknown[]): SealedRecord | undefined {
  const isText = (value: unknown): value is string => typeof value === 'string';
  if (format !== 'aegis-audit-1' || values.length !== 12) return undefined;
  if (!values.every((value) => value === null || isText(value))) return undefined;
  const [id, recorded_at, event_type, license_id, customer_id, module_name, api_key_id, actor] = values;
  const [user_agent, request_id, event_data, occurred_at] = values.slice(8);
  if (![recorded_at, event_type, actor].every(isText) || !isText(id) || !isText(event_data)) return undefined;
  if (!isAuditId(id) || parsed(event_data) === undefined) return undefined;
  const fields = {
    id,
    recorded_at,
    event_type,
    license_id,
    customer_id,
    module_name,
    api_key_id,
    actor,
    user_agent,
    request_id,
    event_data,
    occurred_at,
  } as LeafFields;
  return { fields, hash: leafHash(leaf) };
}

/** Whether a text is a positive bigint of PostgreSQL, as PostgreSQL writes it. */
function isAuditId(text: string): boolean {
  return /^[1-9]\d{0,18}$/.test(text) && BigInt(text) <= MOST_AUDIT_ID;
}
