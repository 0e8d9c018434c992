import type { MigrationInterface, QueryRunner } from 'typeorm';
import { repairRows } from './repair-rows';
import { withShortLock } from './short-lock';

/** Far above what any honest row reaches, and far below where adding one is out of range. */
const MOST = 1_000_000_000;
/** Tables whose rows count their changes. */
const VERSIONED = ['customers', 'licenses', 'api_keys'];

/**
 * A number that the server adds to can't be set so high that adding is out of range: a key could not be deleted then,
 * nor a license revoked. A version begins again at 1.
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
    // Of one minute and verdict: their sums over a day stay numbers that JavaScript keeps exactly.
    await withShortLock(
      runner,
      `ALTER TABLE public.validation_counts DROP CONSTRAINT IF EXISTS validation_counts_bound,
       ADD CONSTRAINT validation_counts_bound CHECK (count BETWEEN 0 AND ${MOST}) NOT VALID`,
    );
    await runner.query(`DELETE FROM public.validation_counts WHERE count NOT BETWEEN 0 AND ${MOST}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of VERSIONED)
      await withShortLock(runner, `DROP TRIGGER IF EXISTS ${table}_version_bounded ON public.${table}`);
    await runner.query(`DROP FUNCTION IF EXISTS public.versions_wrap()`);
    await withShortLock(
      runner,
      `ALTER TABLE public.validation_counts DROP CONSTRAINT IF EXISTS validation_counts_bound`,
    );
  }
}
