import type { MigrationInterface, QueryRunner } from 'typeorm';

/** As `audit_checkpoints_refuse_false` has it: a checkpoint has some 500 characters. */
const MOST_JWS_BYTES = 4096;

/**
 * What functions of the owner read and do has bounds of its own: a checkpoint that is longer than any is not decoded,
 * and addresses are never forgotten within a day: a day of 24 hours, whatever the time zone of the session.
 */
export class BoundWhatIsRead1764200000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(claimsReader(`IF octet_length(jws) > ${MOST_JWS_BYTES} THEN RETURN NULL; END IF;`));
    await runner.query(
      addressForgetter(
        `SET timezone = 'UTC'`,
        `least(begins + interval '1 hour', target, clock_timestamp() - interval '1 day')`,
      ),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(claimsReader(''));
    await runner.query(addressForgetter('', `least(begins + interval '1 hour', target)`));
  }
}

function claimsReader(bound: string): string {
  return `
    CREATE OR REPLACE FUNCTION public.audit_checkpoint_claims(jws text) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      payload text;
    BEGIN
      ${bound}
      payload := translate(split_part(jws, '.', 2), '-_', '+/');
      RETURN convert_from(decode(rpad(payload, 4 * ((length(payload) + 3) / 4), '='), 'base64'), 'UTF8')::jsonb;
    EXCEPTION WHEN OTHERS THEN
      -- A damaged checkpoint must not keep anybody from reading the others.
      RETURN NULL;
    END $$`;
}

/** @param settings of the function, besides its search path */
function addressForgetter(settings: string, end: string): string {
  return `
    CREATE OR REPLACE FUNCTION public.audit_logs_forget_addresses(keep_days integer) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER STRICT SET search_path = pg_catalog, pg_temp ${settings} AS $$
    DECLARE
      begins timestamptz;
      ends timestamptz;
      target timestamptz := clock_timestamp() - make_interval(days => keep_days);
      taken_over integer;
    BEGIN
      IF keep_days NOT BETWEEN 1 AND 3650 THEN
        RAISE EXCEPTION 'keep_days must be 1 to 3650';
      END IF;
      SELECT forgotten_until INTO begins FROM public.audit_address_horizon FOR UPDATE SKIP LOCKED;
      IF begins IS NULL THEN
        RETURN false;
      END IF;
      UPDATE public.audit_logs SET ip_address = NULL
      WHERE (id, recorded_at) IN (
        SELECT id, recorded_at FROM public.audit_logs
        WHERE occurred_at < target AND ip_address IS NOT NULL AND recorded_at < clock_timestamp() - interval '1 day'
        LIMIT 5000
      );
      GET DIAGNOSTICS taken_over = ROW_COUNT;
      IF begins >= target THEN
        RETURN taken_over = 5000;
      END IF;
      -- An hour at a time, so that no lock is held for long.
      ends := ${end};
      UPDATE public.audit_logs SET ip_address = NULL
      WHERE recorded_at >= begins AND recorded_at < ends AND ip_address IS NOT NULL;
      UPDATE public.audit_address_horizon SET forgotten_until = ends;
      RETURN ends < target OR taken_over = 5000;
    END $$`;
}
