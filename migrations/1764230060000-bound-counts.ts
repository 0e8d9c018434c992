import type { MigrationInterface, QueryRunner } from 'typeorm';
import { repairRows } from './repair-rows';
import { withShortLock } from './short-lock';

/** Far above what any honest row reaches, and far below where adding one is out of range. */
const MOST = 1_000_000_000;
/** Tables whose rows count their changes. */
const VERSIONED = ['customers', 'licenses', 'api_keys'];
const REVISED = ['licenses', 'license_tokens'];

/**
 * A number that the server adds to can't be set so high that adding is out of range: a key could not be deleted then,
 * nor a license revoked. A version begins again at 1; a revision, which has to grow, is refused.
 */
export class BoundCounts1764230060000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE OR REPLACE FUNCTION public.versions_wrap() RETURNS trigger
      LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        NEW.version := 1;
        RETURN NEW;
      END $$`);
    await runner.query(`REVOKE ALL ON FUNCTION public.versions_wrap() FROM PUBLIC`);
    for (const table of VERSIONED) {
      await withShortLock(
        runner,
        `DROP TRIGGER IF EXISTS ${table}_version_bounded ON public.${table};
         CREATE TRIGGER ${table}_version_bounded BEFORE INSERT OR UPDATE ON public.${table}
         FOR EACH ROW WHEN (NEW.version NOT BETWEEN 1 AND ${MOST}) EXECUTE FUNCTION public.versions_wrap()`,
      );
      await repairRows(runner, table, 'version = 1', `version NOT BETWEEN 1 AND ${MOST}`);
    }
    for (const table of REVISED)
      await bound(runner, table, `${table}_revision_bounded`, `revision <= ${MOST}`);
    await repairRows(runner, 'licenses', `revision = ${MOST}`, `revision > ${MOST}`);
    // Of one minute and verdict: their sums over a day stay numbers that JavaScript keeps exactly.
    await bound(runner, 'validation_counts', 'validation_counts_bound', `count BETWEEN 0 AND ${MOST}`);
    await runner.query(`DELETE FROM public.validation_counts WHERE count NOT BETWEEN 0 AND ${MOST}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of VERSIONED)
      await withShortLock(runner, `DROP TRIGGER IF EXISTS ${table}_version_bounded ON public.${table}`);
    await runner.query(`DROP FUNCTION IF EXISTS public.versions_wrap()`);
    for (const table of REVISED)
      await withShortLock(
        runner,
        `ALTER TABLE public.${table} DROP CONSTRAINT IF EXISTS ${table}_revision_bounded`,
      );
    await withShortLock(
      runner,
      `ALTER TABLE public.validation_counts DROP CONSTRAINT IF EXISTS validation_counts_bound`,
    );
  }
}

function bound(runner: QueryRunner, table: string, name: string, rule: string): Promise<void> {
  return withShortLock(
    runner,
    `ALTER TABLE public.${table} DROP CONSTRAINT IF EXISTS ${name},
     ADD CONSTRAINT ${name} CHECK (${rule}) NOT VALID`,
  );
}
