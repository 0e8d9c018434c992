import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

/** A checkpoint has some 500 characters; a process that reads one of hundreds of megabytes ends. */
const MOST_JWS_BYTES = 4096;

/**
 * What a checkpoint must not say, even where a key of the server signed it: that it is complete up to a time after its
 * records were read, that it was made at another time than now, or what a break set aside. A session with other
 * settings can mislead the server that signs.
 */
export class RefuseFalseCheckpoints1764180000000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE OR REPLACE FUNCTION public.audit_checkpoints_refuse_false() RETURNS trigger
      LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
      DECLARE
        claims jsonb;
        previous jsonb;
      BEGIN
        IF octet_length(NEW.jws) > ${MOST_JWS_BYTES} THEN
          RAISE EXCEPTION 'a checkpoint has at most ${MOST_JWS_BYTES} bytes' USING ERRCODE = 'check_violation';
        END IF;
        claims := public.audit_checkpoint_claims(NEW.jws);
        IF jsonb_typeof(claims->'iat') IS DISTINCT FROM 'number'
           OR abs((claims->>'iat')::numeric - extract(epoch FROM clock_timestamp())) > 300 THEN
          RAISE EXCEPTION 'the checkpoint was not made now, by the clock of the database' USING ERRCODE = 'check_violation';
        END IF;
        IF claims->'complete_to' IS DISTINCT FROM 'null'::jsonb THEN
          IF jsonb_typeof(claims->'complete_to') IS DISTINCT FROM 'number' THEN
            RAISE EXCEPTION 'complete_to is a number of seconds or null' USING ERRCODE = 'check_violation';
          END IF;
          -- What the checkpoint before says is carried on, even after the clock was set back.
          SELECT public.audit_checkpoint_claims(jws)->'complete_to' INTO previous
          FROM public.audit_checkpoints WHERE number = NEW.number - 1;
          IF claims->'complete_to' IS DISTINCT FROM previous
             AND (claims->>'complete_to')::numeric > extract(epoch FROM NEW.read_at) THEN
            RAISE EXCEPTION 'the checkpoint is complete up to a time that is still to come' USING ERRCODE = 'check_violation';
          END IF;
        END IF;
        IF EXISTS (SELECT FROM public.audit_checkpoints_set_aside AS aside
                   WHERE aside.number = NEW.number AND aside.jws = NEW.jws) THEN
          RAISE EXCEPTION 'the checkpoint was set aside' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
      END $$`);
    await runner.query(`REVOKE ALL ON FUNCTION public.audit_checkpoints_refuse_false() FROM PUBLIC`);
    await withShortLock(
      runner,
      `DROP TRIGGER IF EXISTS audit_checkpoints_true ON public.audit_checkpoints;
       CREATE TRIGGER audit_checkpoints_true BEFORE INSERT ON public.audit_checkpoints
       FOR EACH ROW EXECUTE FUNCTION public.audit_checkpoints_refuse_false()`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await withShortLock(runner, `DROP TRIGGER IF EXISTS audit_checkpoints_true ON public.audit_checkpoints`);
    await runner.query(`DROP FUNCTION IF EXISTS public.audit_checkpoints_refuse_false()`);
  }
}
