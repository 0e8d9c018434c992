import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

/** Nothing is added to them while it is not known what was revoked since. */
const REFUSING = ['audit_logs', 'audit_checkpoints'];

/**
 * Notes that the database was restored to an earlier moment. Until it is reconciled with what was shipped, nothing is
 * recorded, and so nothing is validated or changed: whichever process tries. The application's role can say that the
 * database was restored; that it is reconciled, only the owner can.
 */
export class NoteRestores1764230800000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE IF NOT EXISTS public.restores (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        begun_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        begun_by text NOT NULL,
        reason text NOT NULL,
        reconciled_at timestamptz(3),
        CONSTRAINT restores_lengths CHECK (char_length(begun_by) BETWEEN 1 AND 200 AND char_length(reason) BETWEEN 1 AND 500)
      )`);
    await runner.query(
      `CREATE UNIQUE INDEX IF NOT EXISTS restores_one_open ON public.restores ((true)) WHERE reconciled_at IS NULL`,
    );
    await runner.query(`
      CREATE OR REPLACE FUNCTION public.restores_refuse_writes() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        IF EXISTS (SELECT FROM public.restores WHERE reconciled_at IS NULL) THEN
          RAISE EXCEPTION 'the database was restored and is not reconciled' USING ERRCODE = 'AE002';
        END IF;
        RETURN NULL;
      END $$`);
    await runner.query(`REVOKE ALL ON FUNCTION public.restores_refuse_writes() FROM PUBLIC`);
    for (const table of REFUSING)
      await withShortLock(
        runner,
        `DROP TRIGGER IF EXISTS ${table}_reconciled ON public.${table};
         CREATE TRIGGER ${table}_reconciled BEFORE INSERT ON public.${table}
         FOR EACH STATEMENT EXECUTE FUNCTION public.restores_refuse_writes();
         ALTER TABLE public.${table} ENABLE ALWAYS TRIGGER ${table}_reconciled`,
      );
    // A customer that a reconciliation made from the trail, which has no names: until somebody names it.
    await withShortLock(
      runner,
      `ALTER TABLE public.customers ADD COLUMN IF NOT EXISTS restored_at timestamptz(3),
       DROP CONSTRAINT IF EXISTS customers_restored_moment,
       ADD CONSTRAINT customers_restored_moment
         CHECK (restored_at >= '0001-01-01T00:00:00Z' AND restored_at < '10000-01-01T00:00:00Z') NOT VALID`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await withShortLock(runner, `ALTER TABLE public.customers DROP COLUMN IF EXISTS restored_at`);
    for (const table of REFUSING)
      await withShortLock(runner, `DROP TRIGGER IF EXISTS ${table}_reconciled ON public.${table}`);
    await runner.query(`DROP FUNCTION IF EXISTS public.restores_refuse_writes()`);
    await runner.query(`DROP TABLE IF EXISTS public.restores`);
  }
}
