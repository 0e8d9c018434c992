import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

/** List 500,000,000 begins with it: lists of licenses never come so far. */
const FIRST_NUMBER = 500_000_000 * 131_072;

/** A list says of each activation whether it has ended: that changes once, and a heartbeat changes nothing of it. */
const TRIGGERS = [
  ['insert', 'AFTER INSERT', 'NEW.ended_at IS NOT NULL'],
  ['update', 'AFTER UPDATE', '(OLD.ended_at IS NULL) <> (NEW.ended_at IS NULL)'],
] as const;

/**
 * Status lists of activations: numbers of their own, and changes that are counted as those of licenses are
 * (docs/adr/0019). The table is new and empty, so that nothing here takes time.
 */
export class ListActivations1764270300000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE SEQUENCE IF NOT EXISTS public.activations_status_number_seq AS bigint
       MINVALUE ${FIRST_NUMBER} START ${FIRST_NUMBER}`,
    );
    // What ended may be known by a token until that token's end; what has not ended may get another token. Only its end
    // changes it, so that the index of it costs no heartbeat anything.
    await withShortLock(
      runner,
      `ALTER TABLE public.activations ADD COLUMN IF NOT EXISTS listed_until timestamptz(3)
       GENERATED ALWAYS AS (CASE WHEN ended_at IS NULL THEN 'infinity'
                                 ELSE greatest(token_expires_at, offline_until, ended_at) END) STORED`,
    );
    await runner.query(
      `CREATE INDEX IF NOT EXISTS activations_listed ON public.activations (status_list, listed_until)
       WHERE status_list IS NOT NULL`,
    );
    await runner.query(`
      CREATE OR REPLACE FUNCTION public.status_lists_note_activation() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        INSERT INTO public.status_list_changes (list) VALUES (NEW.status_list);
        RETURN NULL;
      END $$`);
    for (const [name, event, condition] of TRIGGERS)
      await withShortLock(
        runner,
        `CREATE OR REPLACE TRIGGER status_lists_note_${name} ${event} ON public.activations FOR EACH ROW
         WHEN (NEW.status_list IS NOT NULL AND ${condition}) EXECUTE FUNCTION public.status_lists_note_activation()`,
      );
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [name] of TRIGGERS)
      await withShortLock(runner, `DROP TRIGGER IF EXISTS status_lists_note_${name} ON public.activations`);
    await runner.query(`DROP FUNCTION IF EXISTS public.status_lists_note_activation()`);
    await withShortLock(runner, `ALTER TABLE public.activations DROP COLUMN IF EXISTS listed_until`);
    await runner.query(`DROP SEQUENCE IF EXISTS public.activations_status_number_seq`);
  }
}
