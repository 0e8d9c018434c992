import type { MigrationInterface, QueryRunner } from 'typeorm';

const BEGINNING = `
  CREATE OR REPLACE FUNCTION audit_logs_forget_addresses(keep_days integer) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  DECLARE
    begins timestamptz;
    ends timestamptz;
    target timestamptz := clock_timestamp() - make_interval(days => keep_days);`;
const GUARD = `
    IF keep_days NOT BETWEEN 1 AND 3650 THEN
      RAISE EXCEPTION 'keep_days must be 1 to 3650';
    END IF;
    SELECT forgotten_until INTO begins FROM public.audit_address_horizon FOR UPDATE SKIP LOCKED;`;
const HOUR = `
    -- An hour at a time, so that no lock is held for long.
    ends := least(begins + interval '1 hour', target);
    UPDATE public.audit_logs SET ip_address = NULL
    WHERE recorded_at >= begins AND recorded_at < ends AND ip_address IS NOT NULL;
    UPDATE public.audit_address_horizon SET forgotten_until = ends;`;

/**
 * Which records of another system's trail were taken over, so that each is taken once. Their addresses are forgotten
 * when they are old enough by the time they were kept there: not counted anew from the day they were taken over.
 */
export class TakeOverRecords1764040000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE taken_over_records (
        sha256 bytea PRIMARY KEY,
        taken_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT taken_over_records_sha256_length CHECK (octet_length(sha256) = 32)
      )`);
    // Holds next to nothing: records wait to be written for as long as the trail is read once.
    await runner.query(`
      CREATE INDEX audit_logs_taken_over ON audit_logs (occurred_at)
      WHERE occurred_at IS NOT NULL AND ip_address IS NOT NULL`);
    await runner.query(`${BEGINNING}
        taken_over integer;
      BEGIN${GUARD}
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
        END IF;${HOUR}
        RETURN ends < target OR taken_over = 5000;
      END $$`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`${BEGINNING}
      BEGIN${GUARD}
        IF begins IS NULL OR begins >= target THEN
          RETURN false;
        END IF;${HOUR}
        RETURN ends < target;
      END $$`);
    await runner.query(`DROP INDEX audit_logs_taken_over`);
    await runner.query(`DROP TABLE taken_over_records`);
  }
}
