import type { MigrationInterface, QueryRunner } from 'typeorm';

/** As `audit_checkpoints_refuse_false` had it. */
const MOST_JWS_BYTES = 4096;
const TOLERANCE_SECONDS = 300;
/** A trail that has moved is searched for up to ten minutes before its checkpoint is inserted. */
const LONGEST_WRITING = '15 minutes';

/**
 * When a checkpoint was made is compared with `read_at`, when the function that writes it began: it may search a whole
 * trail before it inserts the checkpoint, which was refused then, again with every pass.
 */
export class CompareCheckpointsWithTheirReading1764230300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // A comparison with NULL is not true: it is refused.
    await runner.query(
      refuser(
        `(abs((claims->>'iat')::numeric - extract(epoch FROM NEW.read_at)) <= ${TOLERANCE_SECONDS}
           AND NEW.read_at >= clock_timestamp() - interval '${LONGEST_WRITING}'
           AND NEW.read_at <= clock_timestamp() + interval '${TOLERANCE_SECONDS} seconds') IS NOT TRUE`,
      ),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      refuser(
        `abs((claims->>'iat')::numeric - extract(epoch FROM clock_timestamp())) > ${TOLERANCE_SECONDS}`,
      ),
    );
  }
}

/** @param isOfAnotherTime SQL: whether the checkpoint says that it was made at another time than now */
function refuser(isOfAnotherTime: string): string {
  return `
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
      IF jsonb_typeof(claims->'iat') IS DISTINCT FROM 'number' OR ${isOfAnotherTime} THEN
        RAISE EXCEPTION 'the checkpoint was not made now, by the clock of the database' USING ERRCODE = 'check_violation';
      END IF;
      IF claims->'complete_to' IS DISTINCT FROM 'null'::jsonb THEN
        IF jsonb_typeof(claims->'complete_to') IS DISTINCT FROM 'number' THEN
          RAISE EXCEPTION 'complete_to is a number of seconds or null' USING ERRCODE = 'check_violation';
        END IF;
        -- What the previous checkpoint says is kept, even after the clock was set back.
        SELECT public.audit_checkpoint_claims(jws)->'complete_to' INTO previous
        FROM public.audit_checkpoints WHERE number = NEW.number - 1;
        IF claims->'complete_to' IS DISTINCT FROM previous
           AND (claims->>'complete_to')::numeric > extract(epoch FROM NEW.read_at) THEN
          RAISE EXCEPTION 'the checkpoint is complete up to a time in the future' USING ERRCODE = 'check_violation';
        END IF;
      END IF;
      IF EXISTS (SELECT FROM public.audit_checkpoints_set_aside AS aside
                 WHERE aside.number = NEW.number AND aside.jws = NEW.jws) THEN
        RAISE EXCEPTION 'the checkpoint was set aside' USING ERRCODE = 'check_violation';
      END IF;
      RETURN NEW;
    END $$`;
}
