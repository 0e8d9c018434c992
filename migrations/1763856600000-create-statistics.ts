import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Counts of whole tables that are read without counting: see docs/adr/0008. */
export class CreateStatistics1763856600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // `day` is -infinity where a counter has none.
    await runner.query(`
      CREATE TABLE statistics_counts (
        day date NOT NULL,
        counter text NOT NULL,
        count bigint NOT NULL,
        PRIMARY KEY (day, counter)
      )`);
    // A queue: what was folded is vacuumed soon, so that reading the rest stays cheap.
    await runner.query(`
      CREATE TABLE statistics_deltas (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        day date NOT NULL,
        counter text NOT NULL,
        delta bigint NOT NULL
      ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)`);
    await this.createCounters(runner);
    await this.createFold(runner);
    await this.createRecount(runner);
    await runner.query(`REVOKE ALL ON FUNCTION statistics_fold(integer), statistics_recount() FROM PUBLIC`);
  }

  /** In which counters a row stands. */
  private async createCounters(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION statistics_of_customer(is_active boolean, deleted_at timestamptz)
      RETURNS TABLE (day date, counter text) LANGUAGE sql IMMUTABLE AS $$
        SELECT '-infinity'::date, CASE WHEN is_active THEN 'customers.active' ELSE 'customers.inactive' END
        WHERE deleted_at IS NULL
      $$`);
    await runner.query(`
      CREATE FUNCTION statistics_of_license(license_type text, status text, expires_at timestamptz)
      RETURNS TABLE (day date, counter text) LANGUAGE sql IMMUTABLE AS $$
        SELECT '-infinity'::date, 'licenses.' || license_type || '.' || status
        UNION ALL
        SELECT (expires_at AT TIME ZONE 'UTC')::date, 'licenses.ending'
        WHERE status = 'active' AND expires_at IS NOT NULL
      $$`);
  }

  /** Adds deltas to the counts; one process at a time, the others have nothing to do. */
  private async createFold(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION statistics_fold(most integer) RETURNS integer
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      DECLARE
        folded integer;
      BEGIN
        IF NOT pg_try_advisory_xact_lock(4702394921427289938) THEN
          RETURN 0;
        END IF;
        WITH taken AS (
          DELETE FROM public.statistics_deltas
          WHERE id IN (SELECT id FROM public.statistics_deltas LIMIT most)
          RETURNING day, counter, delta
        ), added AS (
          INSERT INTO public.statistics_counts AS known (day, counter, count)
          SELECT day, counter, sum(delta) FROM taken GROUP BY day, counter HAVING sum(delta) <> 0
          ON CONFLICT (day, counter) DO UPDATE SET count = known.count + excluded.count
        )
        SELECT count(*) INTO folded FROM taken;
        RETURN folded;
      END $$`);
  }

  /**
   * Corrects the counts by what they differ from the tables. Counts, deltas and tables are read in one snapshot, so
   * writers need not wait: what they write meanwhile is in deltas of its own.
   */
  private async createRecount(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION statistics_recount() RETURNS void
      LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        PERFORM pg_advisory_xact_lock(4702394921427289938);
        INSERT INTO public.statistics_counts AS known (day, counter, count)
        SELECT day, counter, sum(n)
        FROM (
          SELECT day, counter, count(*) AS n
          FROM public.customers, public.statistics_of_customer(is_active, deleted_at) GROUP BY day, counter
          UNION ALL
          SELECT day, counter, count(*)
          FROM public.licenses, public.statistics_of_license(license_type, status, expires_at) GROUP BY day, counter
          UNION ALL
          SELECT '-infinity', 'audit_logs', count(*) FROM public.audit_logs
          UNION ALL
          SELECT day, counter, -count FROM public.statistics_counts
          UNION ALL
          SELECT day, counter, -delta FROM public.statistics_deltas
        ) AS difference
        GROUP BY day, counter HAVING sum(n) <> 0
        ON CONFLICT (day, counter) DO UPDATE SET count = known.count + excluded.count;
      END $$`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP FUNCTION statistics_recount()`);
    await runner.query(`DROP FUNCTION statistics_fold(integer)`);
    await runner.query(`DROP FUNCTION statistics_of_license(text, text, timestamptz)`);
    await runner.query(`DROP FUNCTION statistics_of_customer(boolean, timestamptz)`);
    await runner.query(`DROP TABLE statistics_deltas`);
    await runner.query(`DROP TABLE statistics_counts`);
  }
}
