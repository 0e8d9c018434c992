import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * IP addresses are personal data and are kept for a time only. The one change that the audit trail allows: an
 * address older than a day becomes null, and nothing else of the record changes.
 */
export class ForgetAddresses1763856480000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE OR REPLACE FUNCTION audit_logs_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF TG_OP = 'UPDATE' THEN
          IF OLD.ip_address IS NOT NULL AND NEW.ip_address IS NULL
             AND OLD.recorded_at < clock_timestamp() - interval '1 day'
             AND to_jsonb(OLD) - 'ip_address' = to_jsonb(NEW) - 'ip_address' THEN
            RETURN NEW;
          END IF;
        END IF;
        RAISE EXCEPTION 'audit_logs is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
      END $$`);
    // One row: addresses recorded before this time are forgotten.
    await runner.query(`
      CREATE TABLE audit_address_horizon (
        id boolean PRIMARY KEY DEFAULT true,
        forgotten_until timestamptz(3) NOT NULL,
        CONSTRAINT audit_address_horizon_one_row CHECK (id)
      )`);
    await runner.query(`
      INSERT INTO audit_address_horizon (forgotten_until)
      SELECT coalesce(min(recorded_at), clock_timestamp()) FROM audit_logs`);
    await runner.query(`
      CREATE FUNCTION audit_logs_forget_addresses(keep_days integer) RETURNS boolean
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
      DECLARE
        begins timestamptz;
        ends timestamptz;
        target timestamptz := clock_timestamp() - make_interval(days => keep_days);
      BEGIN
        IF keep_days NOT BETWEEN 1 AND 3650 THEN
          RAISE EXCEPTION 'keep_days must be 1 to 3650';
        END IF;
        SELECT forgotten_until INTO begins FROM public.audit_address_horizon FOR UPDATE SKIP LOCKED;
        IF begins IS NULL OR begins >= target THEN
          RETURN false;
        END IF;
        -- An hour at a time, so that no lock is held for long.
        ends := least(begins + interval '1 hour', target);
        UPDATE public.audit_logs SET ip_address = NULL
        WHERE recorded_at >= begins AND recorded_at < ends AND ip_address IS NOT NULL;
        UPDATE public.audit_address_horizon SET forgotten_until = ends;
        RETURN ends < target;
      END $$`);
    await runner.query(`REVOKE ALL ON FUNCTION audit_logs_forget_addresses(integer) FROM PUBLIC`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP FUNCTION audit_logs_forget_addresses(integer)`);
    await runner.query(`DROP TABLE audit_address_horizon`);
    await runner.query(`
      CREATE OR REPLACE FUNCTION audit_logs_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'audit_logs is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
      END $$`);
  }
}
