import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

/** An issue writes the first two, and none of the others: a license that is issued is active. */
const ADDED: Readonly<Record<string, string>> = {
  by_lower_customer: '((lower(customer_id COLLATE "C")), created_at, id)',
  by_lower_module: '((lower(module_name COLLATE "C")), created_at, id)',
  withdrawn: `(status, created_at, id) WHERE status <> 'active'`,
  withdrawn_by_module: `((lower(module_name COLLATE "C")), status, created_at, id) WHERE status <> 'active'`,
  withdrawn_by_expiry: `(status, (coalesce(expires_at, 'infinity')), id) WHERE status <> 'active'`,
};

/** An issue wrote each of them. */
const REPLACED: Readonly<Record<string, string>> = {
  by_customer: '(customer_id, created_at, id)',
  by_module: '(module_name, created_at, id)',
  by_status: '(status, created_at, id)',
  by_id_prefix: '((lower(id::text COLLATE "und-x-icu")) text_pattern_ops)',
  by_module_prefix: '((lower(module_name COLLATE "und-x-icu")) text_pattern_ops)',
  by_customer_prefix: '((lower(customer_id COLLATE "und-x-icu")) text_pattern_ops)',
};

/** How frequent a value is does not depend on whether its lower case is asked for too. */
const STATISTICS: Readonly<Record<string, string>> = {
  licenses_lower_customer: 'customer_id, (lower(customer_id COLLATE "C"))',
  licenses_lower_module: 'module_name, (lower(module_name COLLATE "C"))',
};

/**
 * An issue writes four indexes of licenses less, and one of tokens: which query needs which index is in
 * docs/indexes.md. Servers of the release before find licenses by other indexes until they are replaced, and slower.
 */
export class IndexLicensesOnce1764240060000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const [suffix, definition] of Object.entries(ADDED)) {
      // What broke off leaves an index that is not valid.
      await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS public.licenses_${suffix}`);
      await runner.query(`CREATE INDEX CONCURRENTLY licenses_${suffix} ON public.licenses ${definition}`);
    }
    for (const [name, columns] of Object.entries(STATISTICS)) {
      await withShortLock(runner, `DROP STATISTICS IF EXISTS public.${name}`);
      await withShortLock(
        runner,
        `CREATE STATISTICS public.${name} (dependencies) ON ${columns} FROM public.licenses`,
      );
    }
    await runner.query(`ANALYZE public.licenses`);
    for (const suffix of Object.keys(REPLACED))
      await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS public.licenses_${suffix}`);
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS public.license_tokens_by_key`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX license_tokens_by_key ON public.license_tokens (key_id, recorded_at)`);
    for (const [suffix, definition] of Object.entries(REPLACED))
      await runner.query(`CREATE INDEX licenses_${suffix} ON public.licenses ${definition}`);
    for (const name of Object.keys(STATISTICS))
      await runner.query(`DROP STATISTICS IF EXISTS public.${name}`);
    for (const suffix of Object.keys(ADDED))
      await runner.query(`DROP INDEX IF EXISTS public.licenses_${suffix}`);
  }
}
