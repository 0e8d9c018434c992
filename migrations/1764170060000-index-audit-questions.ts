import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

const INDEXES: Readonly<Record<string, string>> = {
  /** Refused validations by their code, newest first. Most validations are `VALID` and cost this index nothing. */
  by_code: `((event_data ->> 'code'), id) WHERE event_data ->> 'code' <> 'VALID' AND octet_length(event_data ->> 'code') <= 200`,
  /** Records about a customer, an API key or a signing key. Those about licenses have their own column and index. */
  by_subject: `((coalesce(event_data ->> 'kid', event_data ->> 'id', customer_id)), id)
    WHERE event_type !~ '^license[.]' AND octet_length(coalesce(event_data ->> 'kid', event_data ->> 'id', customer_id)) <= 200`,
};

/**
 * Answers "who was refused, and why?" and "who changed this key?" without reading the whole trail. A text that is longer
 * than an index can hold is left out: whoever had the application's role could write one before texts had bounds.
 */
export class IndexAuditQuestions1764170060000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const [suffix, columns] of Object.entries(INDEXES)) {
      const parent = `audit_logs_${suffix}`;
      // An index of the parent alone is not valid, and not used, until each partition has its own attached.
      await withShortLock(runner, `CREATE INDEX IF NOT EXISTS ${parent} ON ONLY audit_logs ${columns}`);
      for (const partition of await partitionsWithout(runner, parent)) {
        const index = `${partition}_${suffix}`;
        // What was interrupted leaves an index that is not valid.
        await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS ${index}`);
        await runner.query(`CREATE INDEX CONCURRENTLY ${index} ON ${partition} ${columns}`);
        await withShortLock(runner, `ALTER INDEX ${parent} ATTACH PARTITION ${index}`);
      }
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const suffix of Object.keys(INDEXES))
      await withShortLock(runner, `DROP INDEX IF EXISTS audit_logs_${suffix}`);
  }
}

/** Names of partitions that have no index attached to the parent's. */
async function partitionsWithout(runner: QueryRunner, parent: string): Promise<string[]> {
  const rows = (await runner.query(
    `SELECT partition.inhrelid::regclass::text AS name
     FROM pg_catalog.pg_inherits partition
     WHERE partition.inhparent = 'audit_logs'::regclass
       AND NOT EXISTS (
         SELECT 1 FROM pg_catalog.pg_index i
         JOIN pg_catalog.pg_inherits attached ON attached.inhrelid = i.indexrelid
         WHERE i.indrelid = partition.inhrelid AND attached.inhparent = $1::text::regclass)
     ORDER BY 1`,
    [parent],
  )) as { name: string }[];
  return rows.map(({ name }) => name);
}
