import type { MigrationInterface, QueryRunner } from 'typeorm';
import { repairRows } from './repair-rows';
import { withShortLock } from './short-lock';

/** Answers write years with four digits (RFC 3339), in UTC. */
const FIRST = '0001-01-01T00:00:00Z';
const LAST = '9999-12-31T23:59:59.999Z';
const AFTER_LAST = '10000-01-01T00:00:00Z';

/** By table: every time that the application's role writes and the database does not fix itself. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  customers: ['created_at', 'updated_at', 'deleted_at'],
  licenses: ['issued_at', 'expires_at', 'revoked_at', 'suspended_at', 'created_at', 'updated_at'],
  license_tokens: ['recorded_at', 'superseded_at'],
  // `compromised_at` is the database's to say (signing_keys_fixed), and stays as it is.
  signing_keys: ['created_at', 'activated_at', 'retired_at', 'compromised_after'],
  signing_replicas: ['started_at', 'seen_at'],
  api_keys: ['previous_expires_at', 'expires_at', 'last_used_at', 'created_at', 'updated_at', 'deleted_at'],
  idempotency_keys: ['created_at'],
  validation_counts: ['minute'],
  audit_shipments: ['leased_until'],
  taken_over_records: ['taken_at'],
  pepper_checks: ['recorded_at'],
  license_issuers: ['recorded_at'],
};
/** Tables whose rows count their changes: an answer that differs has another ETag. */
const VERSIONED = new Set(['customers', 'licenses', 'api_keys']);

/**
 * Bounds every time to what answers can write, and brings the rows that earlier versions left outside to the nearest
 * bound. The bound comes first, unchecked: no row can be written outside meanwhile, and rows outside could not be
 * updated for any other reason afterwards.
 */
export class BoundMoments1764220000000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const [table, columns] of Object.entries(COLUMNS)) {
      const rule = columns.map((column) => `${column} >= '${FIRST}' AND ${column} < '${AFTER_LAST}'`);
      const name = `${table}_moments`;
      await withShortLock(
        runner,
        `ALTER TABLE public.${table} DROP CONSTRAINT IF EXISTS ${name},
         ADD CONSTRAINT ${name} CHECK (${rule.join(' AND ')}) NOT VALID`,
      );
      const nearest = columns.map(
        (column) =>
          `${column} = CASE WHEN ${column} IS NOT NULL THEN greatest('${FIRST}', least(${column}, '${LAST}')) END`,
      );
      if (VERSIONED.has(table)) nearest.push('version = version % 2147483647 + 1');
      // The nearest minute is beyond the bound, and may be that of another row: what is counted there is nobody's count.
      if (table === 'validation_counts')
        await runner.query(`DELETE FROM public.${table} WHERE (${rule.join(' AND ')}) IS FALSE`);
      else await repairRows(runner, table, nearest.join(', '), `(${rule.join(' AND ')}) IS FALSE`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of Object.keys(COLUMNS))
      await withShortLock(runner, `ALTER TABLE public.${table} DROP CONSTRAINT IF EXISTS ${table}_moments`);
  }
}
