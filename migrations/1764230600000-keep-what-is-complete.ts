import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

/**
 * A checkpoint does not say that less is complete than the one before it. The server that signs carries on what that one
 * says, so a checkpoint that says less was made by someone else with a key of the server, or by a server that was misled.
 */
export class KeepWhatIsComplete1764230600000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE OR REPLACE FUNCTION public.audit_checkpoints_refuse_decrease() RETURNS trigger
      LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
      DECLARE
        said jsonb := public.audit_checkpoint_claims(NEW.jws)->'complete_to';
        before jsonb;
      BEGIN
        SELECT public.audit_checkpoint_claims(jws)->'complete_to' INTO before
        FROM public.audit_checkpoints WHERE number = NEW.number - 1;
        IF jsonb_typeof(before) = 'number'
           AND (jsonb_typeof(said) IS DISTINCT FROM 'number' OR said::numeric < before::numeric) THEN
          RAISE EXCEPTION 'the checkpoint says that less is complete than the one before it'
            USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
      END $$`);
    await runner.query(`REVOKE ALL ON FUNCTION public.audit_checkpoints_refuse_decrease() FROM PUBLIC`);
    await withShortLock(
      runner,
      `DROP TRIGGER IF EXISTS audit_checkpoints_complete ON public.audit_checkpoints;
       CREATE TRIGGER audit_checkpoints_complete BEFORE INSERT ON public.audit_checkpoints
       FOR EACH ROW EXECUTE FUNCTION public.audit_checkpoints_refuse_decrease()`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await withShortLock(
      runner,
      `DROP TRIGGER IF EXISTS audit_checkpoints_complete ON public.audit_checkpoints`,
    );
    await runner.query(`DROP FUNCTION IF EXISTS public.audit_checkpoints_refuse_decrease()`);
  }
}
