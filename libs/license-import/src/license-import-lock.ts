import { limitStatements } from '@aegis/database';
import type { EntityManager } from 'typeorm';

/** Any constant does, as long as nothing else in the database uses it as an advisory lock. */
const IMPORT_LOCK = '4702394921427289931';
/** Another import may be writing; a large one that is atomic takes longer, and this one then gives up. */
const LOCK_PATIENCE_MS = 60_000;

/** Keeps every other import from writing until the transaction ends. */
export async function lockImports(tx: EntityManager): Promise<void> {
  await limitStatements(tx, { lockMs: LOCK_PATIENCE_MS, statementMs: LOCK_PATIENCE_MS });
  await tx.query('SELECT pg_advisory_xact_lock($1)', [IMPORT_LOCK]);
}
