import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

/** By table: at or above what the server writes. The columns that are not here have a bound already, or a foreign key. */
const BOUNDS: Readonly<Record<string, string>> = {
  idempotency_keys: `octet_length(answer) <= 4194304 AND octet_length(pepper_version) <= 1024
    AND octet_length(customer_id) <= 1024`,
  licenses: `octet_length(allowed_major_versions::text) <= 65536`,
  pepper_checks: `octet_length(version) <= 1024`,
  validation_counts: `octet_length(code) <= 128`,
};

/**
 * Bounds the last texts that the application's role writes and every process reads. Rows that are there already are not
 * checked: nobody can keep an upgrade from running by what he wrote before.
 */
export class BoundWhatIsKept1764200060000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const [table, rule] of Object.entries(BOUNDS))
      await withShortLock(
        runner,
        `ALTER TABLE public.${table} DROP CONSTRAINT IF EXISTS ${table}_bounded,
         ADD CONSTRAINT ${table}_bounded CHECK (${rule}) NOT VALID`,
      );
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of Object.keys(BOUNDS))
      await withShortLock(runner, `ALTER TABLE public.${table} DROP CONSTRAINT IF EXISTS ${table}_bounded`);
  }
}
