import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

/**
 * Which audit records make events. Validations are answers and no changes; what an import writes is summed up in one
 * event of its own.
 */
const MAKES_EVENT = `(
  NEW.event_type NOT IN ('license.validated', 'license.imported')
  AND NEW.event_type NOT LIKE 'audit#_log.%' ESCAPE '#'
  AND NOT (NEW.event_data ? 'imported_from')
  AND NEW.event_data ->> 'by' IS DISTINCT FROM 'import')`;

/**
 * Events: what others learn of. Each is made of one audit record, which is noted in the outbox by the transaction that
 * appends it. Its place in the order of all events is given later, to what is committed: docs/adr/0058.
 */
export class AddEvents1764280000000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE IF NOT EXISTS public.event_outbox (
         record_id bigint NOT NULL,
         recorded_at timestamptz(3) NOT NULL,
         CONSTRAINT event_outbox_pkey PRIMARY KEY (record_id, recorded_at)
       ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)`,
    );
    await runner.query(
      `CREATE TABLE IF NOT EXISTS public.events (
         position bigint NOT NULL,
         id uuid NOT NULL,
         type text NOT NULL,
         license_id uuid,
         customer_id text,
         module_name text,
         record_id bigint NOT NULL,
         occurred_at timestamptz(3) NOT NULL,
         numbered_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
         data jsonb NOT NULL,
         CONSTRAINT events_pkey PRIMARY KEY (position),
         CONSTRAINT events_position CHECK (position > 0),
         CONSTRAINT events_type_length CHECK (length(type) <= 100),
         CONSTRAINT events_customer_id_length CHECK (octet_length(customer_id) <= 1024),
         CONSTRAINT events_module_name_length CHECK (octet_length(module_name) <= 1024),
         CONSTRAINT events_occurred_at CHECK (occurred_at >= '0001-01-01Z' AND occurred_at < '10000-01-01Z'),
         CONSTRAINT events_numbered_at CHECK (numbered_at >= '0001-01-01Z' AND numbered_at < '10000-01-01Z'),
         CONSTRAINT events_data_object CHECK (jsonb_typeof(data) = 'object'),
         CONSTRAINT events_data_length CHECK (octet_length(data::text) <= 81920)
       )`,
    );
    // One row: the last place that was given, and the last one whose event was removed. Its lock lets one give places.
    await runner.query(
      `CREATE TABLE IF NOT EXISTS public.event_positions (
         single boolean NOT NULL DEFAULT true,
         last bigint NOT NULL DEFAULT 0,
         forgotten bigint NOT NULL DEFAULT 0,
         CONSTRAINT event_positions_pkey PRIMARY KEY (single),
         CONSTRAINT event_positions_single CHECK (single),
         CONSTRAINT event_positions_order CHECK (0 <= forgotten AND forgotten <= last)
       ) WITH (fillfactor = 10)`,
    );
    await runner.query(`INSERT INTO public.event_positions DEFAULT VALUES ON CONFLICT DO NOTHING`);
    await runner.query(`
      CREATE OR REPLACE FUNCTION public.audit_logs_note_event() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        INSERT INTO public.event_outbox (record_id, recorded_at) VALUES (NEW.id, NEW.recorded_at);
        RETURN NULL;
      END $$`);
    await runner.query(`REVOKE ALL ON FUNCTION public.audit_logs_note_event() FROM PUBLIC`);
    await withShortLock(
      runner,
      `DROP TRIGGER IF EXISTS audit_logs_note_event ON public.audit_logs;
       CREATE TRIGGER audit_logs_note_event AFTER INSERT ON public.audit_logs
       FOR EACH ROW WHEN ${MAKES_EVENT} EXECUTE FUNCTION public.audit_logs_note_event()`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await withShortLock(runner, `DROP TRIGGER IF EXISTS audit_logs_note_event ON public.audit_logs`);
    await runner.query(`DROP FUNCTION IF EXISTS public.audit_logs_note_event()`);
    for (const table of ['event_positions', 'events', 'event_outbox'])
      await runner.query(`DROP TABLE IF EXISTS public.${table}`);
  }
}
