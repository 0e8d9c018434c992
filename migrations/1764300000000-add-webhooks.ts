import type { MigrationInterface, QueryRunner } from 'typeorm';

const EARLIEST = '0001-01-01T00:00:00Z';
const LATEST = '10000-01-01T00:00:00Z';

function moments(...columns: readonly string[]): string {
  return columns.map((column) => `${column} >= '${EARLIEST}' AND ${column} < '${LATEST}'`).join(' AND ');
}

/** A list of filters: none means everything. */
function filter(column: string): string {
  return `CONSTRAINT webhook_endpoints_${column} CHECK (cardinality(${column}) BETWEEN 1 AND 100 AND octet_length(${column}::text) <= 65536)`;
}

/** So long an open delivery holds back the next one of its stream, at most, from the moment on at which it is due. */
const HOLD = `interval '10 minutes'`;

/** The server's role can write any moment: none may be one with which all events would fail. */
const LONGEST = `interval '10000 days'`;

/** What happens to the events that got their positions: docs/adr/0060. */
const FAN_OUT = 'PERFORM public.webhooks_fan_out(before, before + appended);';

/** Of migration 1764280000000, with what happens to the events that got their positions. */
function eventsAppend(then: string): string {
  return `
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
      ${then}
      RETURN before + appended;
    END $$`;
}

/**
 * Webhooks: endpoints that events are sent to, and a delivery for each event that an endpoint gets. The transaction that
 * gives events their positions makes the deliveries, and gives each the next sequence of its endpoint: without gaps.
 */
export class AddWebhooks1764300000000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE IF NOT EXISTS public.webhook_endpoints (
         id uuid NOT NULL,
         url text NOT NULL,
         description text,
         event_types text[],
         module_names text[],
         customer_ids text[],
         api_version text NOT NULL,
         is_active boolean NOT NULL DEFAULT true,
         disabled_reason text,
         disabled_at timestamptz(3),
         keys text NOT NULL,
         public_key text NOT NULL,
         previous_keys text,
         previous_valid_until timestamptz(3),
         created_by text NOT NULL,
         created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
         updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
         version integer NOT NULL DEFAULT 1,
         deleted_at timestamptz(3),
         CONSTRAINT webhook_endpoints_pkey PRIMARY KEY (id),
         CONSTRAINT webhook_endpoints_url_length CHECK (octet_length(url) <= 2048),
         CONSTRAINT webhook_endpoints_description_length CHECK (octet_length(description) <= 2000),
         ${['event_types', 'module_names', 'customer_ids'].map(filter).join(',\n         ')},
         CONSTRAINT webhook_endpoints_api_version_length CHECK (length(api_version) <= 20),
         CONSTRAINT webhook_endpoints_disabled CHECK (
           is_active = (disabled_reason IS NULL) AND is_active = (disabled_at IS NULL)
           AND disabled_reason IN ('operator', 'gone', 'failing')),
         CONSTRAINT webhook_endpoints_keys_length CHECK (
           octet_length(keys) <= 4096 AND octet_length(public_key) <= 200 AND octet_length(previous_keys) <= 4096),
         CONSTRAINT webhook_endpoints_previous CHECK ((previous_keys IS NULL) = (previous_valid_until IS NULL)),
         CONSTRAINT webhook_endpoints_created_by_length CHECK (octet_length(created_by) <= 1024),
         CONSTRAINT webhook_endpoints_moments CHECK (
           ${moments('disabled_at', 'previous_valid_until', 'created_at', 'updated_at', 'deleted_at')})
       )`,
    );
    // Small rows that change with every event; changes of an endpoint don't wait for them, nor they for changes.
    await runner.query(
      `CREATE TABLE IF NOT EXISTS public.webhook_progress (
         endpoint_id uuid NOT NULL,
         sequence bigint NOT NULL DEFAULT 0,
         last_success_at timestamptz(3),
         failing_since timestamptz(3),
         CONSTRAINT webhook_progress_pkey PRIMARY KEY (endpoint_id),
         CONSTRAINT webhook_progress_endpoint_id_fkey FOREIGN KEY (endpoint_id)
           REFERENCES public.webhook_endpoints (id) ON DELETE CASCADE,
         CONSTRAINT webhook_progress_sequence CHECK (sequence >= 0),
         CONSTRAINT webhook_progress_moments CHECK (${moments('last_success_at', 'failing_since')})
       ) WITH (fillfactor = 20)`,
    );
    // As an API key that was deleted: its deliveries and keys are gone.
    await runner.query(`
      DROP TRIGGER IF EXISTS webhook_endpoints_final ON public.webhook_endpoints;
      CREATE TRIGGER webhook_endpoints_final BEFORE UPDATE ON public.webhook_endpoints
      FOR EACH ROW WHEN (NEW.id <> OLD.id
        OR OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS DISTINCT FROM OLD.deleted_at)
      EXECUTE FUNCTION public.rows_keep_final('its id, and that it was deleted')`);
    await this.createDeliveries(runner);
    await this.createFunctions(runner);
    await runner.query(eventsAppend(FAN_OUT));
  }

  private async createDeliveries(runner: QueryRunner): Promise<void> {
    // A stream belongs to one endpoint, so that no statement about a stream names the endpoint: while the table is new to
    // the planner, an index that begins with the endpoint would look as good as the one of streams.
    // No foreign keys: what belongs to an endpoint that was deleted, or to an event that was removed, goes later.
    await runner.query(
      `CREATE TABLE IF NOT EXISTS public.webhook_deliveries (
         endpoint_id uuid NOT NULL,
         sequence bigint NOT NULL,
         id uuid NOT NULL DEFAULT gen_random_uuid(),
         position bigint NOT NULL,
         stream uuid NOT NULL,
         state text NOT NULL,
         failed_reason text,
         created_at timestamptz(3) NOT NULL,
         due_at timestamptz(3) NOT NULL,
         holds_until timestamptz(3) NOT NULL,
         attempts smallint NOT NULL DEFAULT 0,
         attempted_at timestamptz(3),
         ended_at timestamptz(3),
         status smallint,
         error text,
         latency_ms integer,
         answer text,
         CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (endpoint_id, sequence),
         CONSTRAINT webhook_deliveries_id_key UNIQUE (id),
         CONSTRAINT webhook_deliveries_state CHECK (state IN ('pending', 'delivered', 'failed', 'sent_before_restore')),
         CONSTRAINT webhook_deliveries_failed_reason CHECK (
           (state = 'failed') = (failed_reason IS NOT NULL)
           AND failed_reason IN ('attempts_used', 'gone', 'endpoint_disabled')),
         CONSTRAINT webhook_deliveries_ended CHECK ((state = 'pending') = (ended_at IS NULL)),
         CONSTRAINT webhook_deliveries_attempts CHECK (attempts BETWEEN 0 AND 100),
         CONSTRAINT webhook_deliveries_error_length CHECK (octet_length(error) <= 100),
         CONSTRAINT webhook_deliveries_answer_length CHECK (octet_length(answer) <= 1024),
         CONSTRAINT webhook_deliveries_moments CHECK (
           ${moments('created_at', 'due_at', 'holds_until', 'attempted_at', 'ended_at')})
       ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)`,
    );
    for (const index of [
      `webhook_deliveries_due_idx ON public.webhook_deliveries (endpoint_id, due_at, sequence) WHERE state = 'pending'`,
      `webhook_deliveries_stream_idx ON public.webhook_deliveries (stream, sequence) WHERE state = 'pending'`,
      `webhook_deliveries_failed_idx ON public.webhook_deliveries (endpoint_id, state, sequence) WHERE state IN ('failed', 'sent_before_restore')`,
      `webhook_deliveries_answer_idx ON public.webhook_deliveries (attempted_at, endpoint_id, sequence) WHERE answer IS NOT NULL`,
      `webhook_deliveries_position_idx ON public.webhook_deliveries (position)`,
    ])
      await runner.query(`CREATE INDEX IF NOT EXISTS ${index}`);
  }

  private async createFunctions(runner: QueryRunner): Promise<void> {
    // The progress of each endpoint is locked first: what ends a delivery, or disables an endpoint, locks it too, so that
    // neither leaves a delivery behind that it has not seen. An endpoint that is made meanwhile is not locked: it gets the
    // next events.
    await runner.query(`
      CREATE OR REPLACE FUNCTION public.webhooks_fan_out(after bigint, until bigint) RETURNS void
      LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
      DECLARE
        now timestamptz := date_trunc('milliseconds', clock_timestamp());
        locked uuid[];
      BEGIN
        SELECT array_agg(progress.endpoint_id) INTO locked
        FROM (SELECT endpoint_id FROM public.webhook_progress ORDER BY endpoint_id FOR NO KEY UPDATE) AS progress;
        IF locked IS NULL THEN
          RETURN;
        END IF;
        WITH admitted AS (
          SELECT endpoint.id AS endpoint_id, endpoint.is_active, event.position,
                 encode(substring(sha256(convert_to(endpoint.id || ' ' || coalesce(
                   event.license_id::text, 'customer ' || event.customer_id, split_part(event.type, '.', 1)), 'UTF8'))
                   FOR 16), 'hex')::uuid AS stream
          FROM public.events AS event
          JOIN public.webhook_endpoints AS endpoint
            ON (endpoint.event_types IS NULL OR event.type = ANY (endpoint.event_types)
                OR split_part(event.type, '.', 1) || '.*' = ANY (endpoint.event_types))
           AND (endpoint.module_names IS NULL OR event.module_name = ANY (endpoint.module_names))
           AND (endpoint.customer_ids IS NULL OR event.customer_id = ANY (endpoint.customer_ids))
          WHERE event.position > after AND event.position <= until
            AND endpoint.id = ANY (locked) AND endpoint.deleted_at IS NULL
        ), matched AS (
          SELECT endpoint_id, is_active, position, stream,
                 row_number() OVER (PARTITION BY endpoint_id ORDER BY position) AS place,
                 row_number() OVER (PARTITION BY endpoint_id, stream ORDER BY position) AS turn
          FROM admitted
        ), held AS MATERIALIZED (
          SELECT stream, (SELECT open.holds_until FROM public.webhook_deliveries AS open
                          WHERE open.stream = streams.stream AND open.state = 'pending'
                          ORDER BY open.sequence DESC LIMIT 1) AS free_at
          FROM (SELECT DISTINCT stream FROM admitted WHERE is_active) AS streams
        ), raised AS (
          UPDATE public.webhook_progress AS progress SET sequence = progress.sequence + counted.events
          FROM (SELECT endpoint_id, count(*) AS events FROM matched GROUP BY endpoint_id) AS counted
          WHERE progress.endpoint_id = counted.endpoint_id
          RETURNING progress.endpoint_id, progress.sequence - counted.events AS before
        )
        INSERT INTO public.webhook_deliveries
          (endpoint_id, sequence, position, stream, state, failed_reason, created_at, due_at, holds_until, ended_at)
        SELECT endpoint_id, raised.before + matched.place, matched.position, matched.stream,
               CASE WHEN matched.is_active THEN 'pending' ELSE 'failed' END,
               CASE WHEN NOT matched.is_active THEN 'endpoint_disabled' END,
               now, due.due_at, due.due_at + ${HOLD},
               CASE WHEN NOT matched.is_active THEN now END
        FROM matched JOIN raised USING (endpoint_id) LEFT JOIN held USING (stream)
        CROSS JOIN LATERAL (
          SELECT least(greatest(now, held.free_at) + (matched.turn - 1) * ${HOLD}, now + ${LONGEST}) AS due_at
        ) AS due;
      END $$`);
    await runner.query(`REVOKE ALL ON FUNCTION public.webhooks_fan_out(bigint, bigint) FROM PUBLIC`);
    // Deliveries go with their events, or their endpoint.
    await runner.query(`
      CREATE OR REPLACE FUNCTION public.webhooks_forget(most integer) RETURNS integer
      LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      DECLARE
        removed integer;
      BEGIN
        DELETE FROM public.webhook_deliveries AS delivery
        USING (
          (SELECT endpoint_id, sequence FROM public.webhook_deliveries
           WHERE position <= (SELECT forgotten FROM public.event_positions)
           ORDER BY position LIMIT least(most, 10000))
          UNION
          (SELECT orphan.endpoint_id, orphan.sequence
           FROM public.webhook_endpoints AS deleted
           JOIN public.webhook_deliveries AS orphan ON orphan.endpoint_id = deleted.id
           WHERE deleted.deleted_at IS NOT NULL
           LIMIT least(most, 10000))
        ) AS old
        WHERE delivery.endpoint_id = old.endpoint_id AND delivery.sequence = old.sequence;
        GET DIAGNOSTICS removed = ROW_COUNT;
        DELETE FROM public.webhook_endpoints AS deleted
        WHERE deleted.deleted_at IS NOT NULL AND NOT EXISTS (
          SELECT FROM public.webhook_deliveries AS delivery WHERE delivery.endpoint_id = deleted.id);
        RETURN removed;
      END $$`);
    await runner.query(`REVOKE ALL ON FUNCTION public.webhooks_forget(integer) FROM PUBLIC`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(eventsAppend(''));
    await runner.query(`DROP FUNCTION IF EXISTS public.webhooks_forget(integer)`);
    await runner.query(`DROP FUNCTION IF EXISTS public.webhooks_fan_out(bigint, bigint)`);
    for (const table of ['webhook_deliveries', 'webhook_progress', 'webhook_endpoints'])
      await runner.query(`DROP TABLE IF EXISTS public.${table}`);
  }
}
