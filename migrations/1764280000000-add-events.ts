import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

/**
 * Types of audit records that make events, as libs/events knows them. Validations are answers and no changes; what an import
 * writes is summed up in one event of its own.
 */
const TYPES = [
  ...['issued', 'revoked', 'suspended', 'reinstated', 'renewed', 'reissued', 'updated', 'seats_changed'].map(
    (what) => `license.${what}`,
  ),
  ...['expiring', 'in_grace', 'expired'].map((what) => `license.${what}`),
  'import.finished',
  ...['admitted', 'refused', 'ended', 'taken_over', 'file_made'].map((what) => `activation.${what}`),
  ...['created', 'updated', 'deleted'].map((what) => `customer.${what}`),
  ...['created', 'updated', 'rotated', 'deleted'].map((what) => `api_key.${what}`),
  ...['adopted', 'published', 'activated', 'retired', 'compromised'].map((what) => `signing_key.${what}`),
  'audit_log.restored',
];

const MAKES_EVENT = `(
  NEW.event_type IN (${TYPES.map((type) => `'${type}'`).join(', ')})
  AND NOT (NEW.event_data ? 'imported_from')
  AND NEW.event_data ->> 'by' IS DISTINCT FROM 'import')`;

/** Number of the advisory lock under which events get their places. */
const LOCK = '6184220741155806913';

const FUNCTIONS = [
  'events_hold()',
  'events_append(bigint[],timestamp with time zone[],uuid[],text[],timestamp with time zone[],jsonb[])',
  'events_forget(integer,integer)',
];

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
    // One row: the last place that was given, and the last one whose event was removed.
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
    await this.createFunctions(runner);
    await runner.query(`
      CREATE OR REPLACE FUNCTION public.audit_logs_note_event() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        INSERT INTO public.event_outbox (record_id, recorded_at) VALUES (NEW.id, NEW.recorded_at);
        RETURN NULL;
      END $$`);
    await runner.query(`REVOKE ALL ON FUNCTION public.audit_logs_note_event() FROM PUBLIC`);
    // As the trail: nothing is told of a database that was restored, until it is reconciled.
    await runner.query(
      `CREATE OR REPLACE TRIGGER events_reconciled BEFORE INSERT ON public.events
       FOR EACH STATEMENT EXECUTE FUNCTION public.restores_refuse_writes()`,
    );
    await withShortLock(
      runner,
      `DROP TRIGGER IF EXISTS audit_logs_note_event ON public.audit_logs;
       CREATE TRIGGER audit_logs_note_event AFTER INSERT ON public.audit_logs
       FOR EACH ROW WHEN ${MAKES_EVENT} EXECUTE FUNCTION public.audit_logs_note_event()`,
    );
  }

  /** The server's role may make events of what is in the outbox, and neither take back an event nor give other places. */
  private async createFunctions(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE OR REPLACE FUNCTION public.events_hold() RETURNS boolean
      LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
        SELECT pg_try_advisory_xact_lock(${LOCK})
      $$`);
    await runner.query(`
      CREATE OR REPLACE FUNCTION public.events_append(
        records bigint[], moments timestamptz[], ids uuid[], types text[], times timestamptz[], contents jsonb[])
      RETURNS bigint
      LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      DECLARE
        before bigint;
        appended integer;
      BEGIN
        SELECT positions.last INTO STRICT before FROM public.event_positions AS positions FOR NO KEY UPDATE;
        WITH given AS (
          SELECT * FROM unnest(records, moments, ids, types, times, contents) WITH ORDINALITY
            AS given (record_id, recorded_at, id, type, occurred_at, data, place)
        ), taken AS (
          DELETE FROM public.event_outbox AS noted USING given
          WHERE noted.record_id = given.record_id AND noted.recorded_at = given.recorded_at
          RETURNING given.*
        )
        INSERT INTO public.events (position, id, type, license_id, customer_id, module_name, record_id, occurred_at, data)
        SELECT before + row_number() OVER (ORDER BY taken.place), taken.id, taken.type, record.license_id,
               record.customer_id, record.module_name, taken.record_id, taken.occurred_at, taken.data
        FROM taken
        JOIN public.audit_logs AS record ON record.id = taken.record_id AND record.recorded_at = taken.recorded_at;
        GET DIAGNOSTICS appended = ROW_COUNT;
        UPDATE public.event_positions SET last = before + appended WHERE appended > 0;
        RETURN before + appended;
      END $$`);
    await runner.query(`
      CREATE OR REPLACE FUNCTION public.events_forget(days integer, most integer) RETURNS integer
      LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      DECLARE
        until bigint;
        removed integer;
      BEGIN
        IF days < 1 THEN
          RAISE EXCEPTION 'events are kept for a day at least' USING ERRCODE = 'invalid_parameter_value';
        END IF;
        PERFORM FROM public.event_positions FOR NO KEY UPDATE;
        SELECT max(old.position) INTO until FROM (
          SELECT position, numbered_at FROM public.events ORDER BY position LIMIT least(most, 10000)) AS old
        WHERE old.numbered_at < now() - make_interval(hours => 24 * days);
        IF until IS NULL THEN
          RETURN 0;
        END IF;
        DELETE FROM public.events WHERE position <= until;
        GET DIAGNOSTICS removed = ROW_COUNT;
        UPDATE public.event_positions SET forgotten = until;
        RETURN removed;
      END $$`);
    for (const name of FUNCTIONS) await runner.query(`REVOKE ALL ON FUNCTION public.${name} FROM PUBLIC`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await withShortLock(runner, `DROP TRIGGER IF EXISTS audit_logs_note_event ON public.audit_logs`);
    await runner.query(`DROP FUNCTION IF EXISTS public.audit_logs_note_event()`);
    for (const name of FUNCTIONS) await runner.query(`DROP FUNCTION IF EXISTS public.${name}`);
    for (const table of ['event_positions', 'events', 'event_outbox'])
      await runner.query(`DROP TABLE IF EXISTS public.${table}`);
  }
}
