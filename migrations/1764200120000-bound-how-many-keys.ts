import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

/** Some hundred years of monthly rotations and more: processes read the table as a whole. */
const MOST_KEYS = 10_000;

/** Whoever has the application's role must not end every server by millions of keys on record. */
export class BoundHowManyKeys1764200120000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // A row sees those that the same statement inserted before it.
    await runner.query(`
      CREATE OR REPLACE FUNCTION public.signing_keys_refuse_more() RETURNS trigger
      LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        IF (SELECT count(*) FROM public.signing_keys) >= ${MOST_KEYS} THEN
          RAISE EXCEPTION 'signing_keys has at most ${MOST_KEYS} rows' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
      END $$`);
    await runner.query(`REVOKE ALL ON FUNCTION public.signing_keys_refuse_more() FROM PUBLIC`);
    await withShortLock(
      runner,
      `DROP TRIGGER IF EXISTS signing_keys_bounded ON public.signing_keys;
       CREATE TRIGGER signing_keys_bounded BEFORE INSERT ON public.signing_keys
       FOR EACH ROW EXECUTE FUNCTION public.signing_keys_refuse_more()`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await withShortLock(runner, `DROP TRIGGER IF EXISTS signing_keys_bounded ON public.signing_keys`);
    await runner.query(`DROP FUNCTION IF EXISTS public.signing_keys_refuse_more()`);
  }
}
