import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateAuditLogs1763856180000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE SEQUENCE audit_logs_id_seq AS bigint`);
    // No foreign keys: a record outlives what it speaks of.
    await runner.query(`
      CREATE TABLE audit_logs (
        id bigint NOT NULL DEFAULT nextval('audit_logs_id_seq'),
        recorded_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
        event_type text NOT NULL,
        license_id uuid,
        customer_id text,
        module_name text,
        api_key_id text,
        actor text NOT NULL,
        ip_address inet,
        user_agent text,
        request_id text,
        event_data jsonb NOT NULL DEFAULT '{}',
        occurred_at timestamptz(3),
        PRIMARY KEY (id, recorded_at),
        CONSTRAINT audit_logs_event_type_format CHECK (event_type ~ '^[a-z_]{1,40}[.][a-z_]{1,40}$'),
        CONSTRAINT audit_logs_actor_format CHECK (actor ~ '^(system|(api_key|cli):.{1,128})$'),
        CONSTRAINT audit_logs_event_data_object CHECK (jsonb_typeof(event_data) = 'object')
      ) PARTITION BY RANGE (recorded_at)`);
    await runner.query(`ALTER SEQUENCE audit_logs_id_seq OWNED BY audit_logs.id`);
    await runner.query(`CREATE INDEX audit_logs_by_time ON audit_logs (recorded_at)`);
    await runner.query(`CREATE INDEX audit_logs_by_event ON audit_logs (event_type, id)`);
    for (const column of ['license_id', 'customer_id', 'api_key_id', 'request_id'])
      await runner.query(
        `CREATE INDEX audit_logs_by_${column} ON audit_logs (${column}, id) WHERE ${column} IS NOT NULL`,
      );
    await runner.query(`
      CREATE FUNCTION audit_logs_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'audit_logs is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
      END $$`);
    await runner.query(`
      CREATE TRIGGER audit_logs_append_only BEFORE UPDATE OR DELETE ON audit_logs
      FOR EACH ROW EXECUTE FUNCTION audit_logs_refuse_change()`);
    await runner.query(`
      CREATE TRIGGER audit_logs_no_truncate BEFORE TRUNCATE ON audit_logs
      FOR EACH STATEMENT EXECUTE FUNCTION audit_logs_refuse_change()`);
    await runner.query(`ALTER TABLE audit_logs ENABLE ALWAYS TRIGGER audit_logs_append_only`);
    await runner.query(`ALTER TABLE audit_logs ENABLE ALWAYS TRIGGER audit_logs_no_truncate`);
    await this.createPartitionMaker(runner);
    await runner.query(`SELECT audit_logs_make_partitions(3)`);
  }

  /**
   * The application's role can't create tables; it may call this. A partition is built apart and then attached,
   * which does not block writers, as CREATE TABLE … PARTITION OF would.
   */
  private async createPartitionMaker(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION audit_logs_make_partitions(months_ahead integer) RETURNS integer
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
      DECLARE
        month timestamptz;
        made integer := 0;
        partition text;
      BEGIN
        IF months_ahead NOT BETWEEN 0 AND 24 THEN
          RAISE EXCEPTION 'months_ahead must be 0 to 24';
        END IF;
        PERFORM pg_advisory_xact_lock(4702394921427289929);
        FOR month IN
          SELECT generate_series(date_trunc('month', clock_timestamp()),
                                 date_trunc('month', clock_timestamp()) + make_interval(months => months_ahead), '1 month')
        LOOP
          partition := 'audit_logs_' || to_char(month, 'YYYY_MM');
          CONTINUE WHEN to_regclass('public.' || partition) IS NOT NULL;
          EXECUTE format('CREATE TABLE public.%I (LIKE public.audit_logs INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition);
          EXECUTE format('ALTER TABLE public.audit_logs ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                         partition, month, month + interval '1 month');
          -- Triggers on statements are not inherited, and a clone does not inherit ALWAYS everywhere.
          EXECUTE format('CREATE TRIGGER audit_logs_no_truncate BEFORE TRUNCATE ON public.%I
                          FOR EACH STATEMENT EXECUTE FUNCTION public.audit_logs_refuse_change()', partition);
          EXECUTE format('ALTER TABLE public.%I ENABLE ALWAYS TRIGGER audit_logs_no_truncate', partition);
          EXECUTE format('ALTER TABLE public.%I ENABLE ALWAYS TRIGGER audit_logs_append_only', partition);
          made := made + 1;
        END LOOP;
        RETURN made;
      END $$`);
    await runner.query(`REVOKE ALL ON FUNCTION audit_logs_make_partitions(integer) FROM PUBLIC`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP FUNCTION audit_logs_make_partitions(integer)`);
    await runner.query(`DROP TABLE audit_logs`);
    await runner.query(`DROP FUNCTION audit_logs_refuse_change()`);
  }
}
