import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

/** 90 days, whatever the session's time zone does meanwhile. */
const KEPT = `interval '2160 hours'`;

/**
 * Ended activations are kept for 90 days, and as long as a token of theirs counts. The server's role may not delete them:
 * it would make room in a license. The table is new and empty, so that nothing here takes time.
 */
export class ForgetEndedActivations1764270360000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // From this moment on it may be removed. As listed_until, only its end changes it.
    await withShortLock(
      runner,
      `ALTER TABLE public.activations ADD COLUMN IF NOT EXISTS kept_until timestamptz(3)
       GENERATED ALWAYS AS (
         CASE WHEN ended_at IS NULL THEN 'infinity'
              ELSE greatest(token_expires_at, offline_until, (ended_at AT TIME ZONE 'UTC' + ${KEPT}) AT TIME ZONE 'UTC')
         END) STORED`,
    );
    await runner.query(
      `CREATE INDEX IF NOT EXISTS activations_kept ON public.activations (kept_until) WHERE ended_at IS NOT NULL`,
    );
    await runner.query(`
      CREATE OR REPLACE FUNCTION public.activations_forget(most integer) RETURNS integer
      LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      DECLARE
        forgotten integer;
      BEGIN
        DELETE FROM public.activations WHERE id IN (
          SELECT id FROM public.activations
          WHERE ended_at IS NOT NULL AND kept_until <= now()
          ORDER BY kept_until LIMIT least(most, 10000));
        GET DIAGNOSTICS forgotten = ROW_COUNT;
        RETURN forgotten;
      END $$`);
    await runner.query(`REVOKE ALL ON FUNCTION public.activations_forget(integer) FROM PUBLIC`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP FUNCTION IF EXISTS public.activations_forget(integer)`);
    await withShortLock(runner, `ALTER TABLE public.activations DROP COLUMN IF EXISTS kept_until`);
  }
}
