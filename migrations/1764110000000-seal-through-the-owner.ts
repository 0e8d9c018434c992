import type { MigrationInterface, QueryRunner } from 'typeorm';

const SEALER_LOCK = '4702394921427289933';
const MOST_LEAVES = 4096;
const CREATED_TABLES = [
  'audit_drops',
  'audit_breaks',
  'audit_checkpoints_set_aside',
  'audit_seals_set_aside',
  'audit_unsealable',
];
/** What the application may say of an audit record; its id, its time and its transaction are the database's to say. */
const WRITTEN_COLUMNS = `event_type, license_id, customer_id, module_name, api_key_id, actor, ip_address, user_agent,
  request_id, event_data, occurred_at`;

/**
 * What the application's role may write proves nothing. Checkpoints and seals are written by a function of the owner,
 * which checks everything except the signature; drops and breaks of the trail are kept in tables of the owner.
 */
export class SealThroughTheOwner1764110000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await this.createTables(runner);
    await this.createReader(runner);
    await this.createWriter(runner);
    await this.takePrivileges(runner);
  }

  private async createTables(runner: QueryRunner): Promise<void> {
    // A record `audit_log.dropped` alone says nothing: the application could have written it.
    await runner.query(`
      CREATE TABLE audit_drops (
        audit_id bigint PRIMARY KEY,
        recorded_at timestamptz(3) NOT NULL,
        dropped_until timestamptz(3) NOT NULL,
        records bigint NOT NULL
      )`);
    // Only drops that can have happened: nothing of an earlier time is left.
    await runner.query(`
      INSERT INTO audit_drops (audit_id, recorded_at, dropped_until, records)
      SELECT DISTINCT ON (id) id, recorded_at, (event_data->>'until')::timestamptz, (event_data->>'records')::bigint
      FROM audit_logs
      WHERE event_type = 'audit_log.dropped' AND actor LIKE 'cli:%'
        AND CASE WHEN event_data->>'until' ~ '^[1-9][0-9]{3}-(0[1-9]|1[0-2])-01T00:00:00[.]000Z$'
                AND event_data->>'records' ~ '^[0-9]{1,18}$'
            THEN (event_data->>'until')::timestamptz <= (SELECT min(recorded_at) FROM audit_logs) ELSE false END
      ORDER BY id, recorded_at`);
    await runner.query(`
      CREATE TABLE audit_breaks (
        epoch integer PRIMARY KEY,
        after_checkpoint bigint NOT NULL,
        checkpoints_set_aside bigint NOT NULL,
        seals_set_aside bigint NOT NULL,
        actor text NOT NULL,
        made_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
      )`);
    // The tables' columns as they are now, and which break set the row aside.
    await runner.query(
      `CREATE TABLE audit_checkpoints_set_aside (set_aside_by integer NOT NULL, LIKE audit_checkpoints)`,
    );
    await runner.query(
      `CREATE TABLE audit_seals_set_aside (set_aside_by integer NOT NULL, LIKE audit_seals)`,
    );
    await runner.query(`
      CREATE TABLE audit_unsealable (
        audit_id bigint NOT NULL,
        recorded_at timestamptz(3) NOT NULL,
        PRIMARY KEY (audit_id, recorded_at)
      )`);
  }

  private async createReader(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION audit_checkpoint_claims(jws text) RETURNS jsonb
      LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
      DECLARE
        payload text := translate(split_part(jws, '.', 2), '-_', '+/');
      BEGIN
        RETURN convert_from(decode(rpad(payload, 4 * ((length(payload) + 3) / 4), '='), 'base64'), 'UTF8')::jsonb;
      EXCEPTION WHEN OTHERS THEN
        -- A damaged checkpoint must not keep anybody from reading the others.
        RETURN NULL;
      END $$`);
    await runner.query(`
      CREATE FUNCTION audit_checkpoint_size(jws text) RETURNS numeric
      LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
        SELECT CASE jsonb_typeof(claims->'size') WHEN 'number' THEN (claims->>'size')::numeric ELSE 0 END
        FROM public.audit_checkpoint_claims(jws) AS claims
      $$`);
  }

  private async createWriter(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION audit_append_checkpoint(jws text, ids bigint[], hashes bytea[]) RETURNS boolean
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      DECLARE
        claims jsonb := public.audit_checkpoint_claims(jws);
        size integer := cardinality(ids);
        began timestamptz := clock_timestamp();
        here text;
        snapshot pg_snapshot;
        last public.audit_checkpoints;
        break_epoch integer;
        moved boolean;
        final boolean;
        next_number bigint;
        next_epoch integer;
        written bigint;
        left_out bigint;
        upto_xact xid8;
        upto_id bigint;
        to_come bigint;
      BEGIN
        -- An older snapshot would say of a time what is true of an earlier one.
        IF current_setting('transaction_isolation') <> 'read committed' THEN
          RAISE EXCEPTION 'a checkpoint is written in READ COMMITTED' USING ERRCODE = 'invalid_transaction_state';
        END IF;
        IF NOT pg_try_advisory_xact_lock(${SEALER_LOCK}) THEN
          RETURN false;
        END IF;
        SELECT pg_current_snapshot() INTO snapshot;
        SELECT system_identifier || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())
          INTO here FROM pg_control_system();
        SELECT * INTO last FROM public.audit_checkpoints ORDER BY number DESC LIMIT 1;
        SELECT max(epoch) INTO break_epoch FROM public.audit_breaks;
        IF jsonb_typeof(claims->'number') = 'number' AND (claims->>'number')::numeric <= last.number THEN
          RETURN false;
        END IF;
        next_number := coalesce(last.number, 0) + 1;
        IF claims->'number' IS DISTINCT FROM to_jsonb(next_number) THEN
          RAISE EXCEPTION 'the next checkpoint is %', next_number USING ERRCODE = 'check_violation';
        END IF;
        IF claims->'previous' IS DISTINCT FROM coalesce(
             to_jsonb(rtrim(translate(encode(sha256(convert_to(last.jws, 'UTF8')), 'base64'), '+/', '-_'), '=')),
             'null'::jsonb) THEN
          RAISE EXCEPTION 'the checkpoint does not name the one before it' USING ERRCODE = 'check_violation';
        END IF;
        IF size NOT BETWEEN 1 AND ${MOST_LEAVES} OR size IS NULL OR cardinality(hashes) IS DISTINCT FROM size
           OR claims->'size' IS DISTINCT FROM to_jsonb(size) THEN
          RAISE EXCEPTION 'the checkpoint does not seal as many records as it says' USING ERRCODE = 'check_violation';
        END IF;
        IF EXISTS (SELECT FROM (SELECT id, lag(id, 1, 0::bigint) OVER (ORDER BY place) AS before, hash
                                FROM unnest(ids, hashes) WITH ORDINALITY AS leaf (id, hash, place)) AS leaf
                   WHERE id IS NULL OR before IS NULL OR id <= before OR hash IS NULL) THEN
          RAISE EXCEPTION 'the records are not in the order of their ids' USING ERRCODE = 'check_violation';
        END IF;
        moved := coalesce(last.cluster <> here, false) OR coalesce(break_epoch > coalesce(last.epoch, 0), false);
        next_epoch := coalesce(last.epoch, break_epoch, 1);
        IF moved AND claims->'epoch' = to_jsonb(greatest(coalesce(last.epoch, 0) + 1, break_epoch)) THEN
          final := true;
          next_epoch := greatest(coalesce(last.epoch, 0) + 1, break_epoch);
        ELSIF claims->'epoch' IS DISTINCT FROM to_jsonb(next_epoch) THEN
          RAISE EXCEPTION 'the epoch is %', next_epoch USING ERRCODE = 'check_violation';
        END IF;

        IF moved THEN
          WITH sealed AS (
            INSERT INTO public.audit_seals (audit_id, recorded_at, checkpoint, leaf_index, leaf_hash)
            SELECT DISTINCT ON (record.id) record.id, record.recorded_at, next_number, place - 1, hash
            FROM unnest(ids, hashes) WITH ORDINALITY AS leaf (id, hash, place)
            JOIN public.audit_logs AS record ON record.id = leaf.id
            ORDER BY record.id, record.recorded_at
            RETURNING audit_id)
          SELECT count(*) INTO written FROM sealed;
          left_out := 0;
          here := CASE WHEN final THEN here ELSE '' END;
          upto_xact := '0';
          upto_id := 0;
          IF final THEN
            -- What is left is found from here on; of xids that are still to come nothing may be left.
            SELECT count(*) FILTER (WHERE xact >= pg_snapshot_xmax(snapshot)), coalesce(min(xact), pg_snapshot_xmin(snapshot))
              INTO to_come, upto_xact
            FROM public.audit_logs AS record
            WHERE NOT EXISTS (SELECT FROM public.audit_seals WHERE audit_id = record.id);
            upto_xact := least(upto_xact, pg_snapshot_xmin(snapshot));
            IF to_come > 0 THEN
              RAISE EXCEPTION 'records of another cluster are not sealed yet' USING ERRCODE = 'check_violation';
            END IF;
          END IF;
        ELSE
          WITH unsealed AS MATERIALIZED (
            SELECT record.id, record.recorded_at, record.xact FROM public.audit_logs AS record
            WHERE (record.xact, record.id) > (coalesce(last.sealed_xact, '0'::xid8), coalesce(last.sealed_id, 0))
              AND record.xact < pg_snapshot_xmin(snapshot)
              AND NOT EXISTS (SELECT FROM public.audit_seals WHERE audit_id = record.id)
            ORDER BY record.xact, record.id LIMIT ${MOST_LEAVES}),
          judged AS MATERIALIZED (
            SELECT unsealed.*, place, hash FROM unsealed
            LEFT JOIN unnest(ids, hashes) WITH ORDINALITY AS leaf (id, hash, place) USING (id)),
          sealed AS (
            INSERT INTO public.audit_seals (audit_id, recorded_at, checkpoint, leaf_index, leaf_hash)
            SELECT DISTINCT ON (id) id, recorded_at, next_number, place - 1, hash FROM judged
            WHERE place IS NOT NULL ORDER BY id, xact, recorded_at
            RETURNING audit_id),
          upto AS (SELECT xact, id FROM judged WHERE place IS NOT NULL ORDER BY xact DESC, id DESC LIMIT 1)
          SELECT (SELECT count(*) FROM sealed), upto.xact, upto.id,
                 (SELECT count(*) FROM judged WHERE place IS NULL AND (judged.xact, judged.id) < (upto.xact, upto.id))
            INTO written, upto_xact, upto_id, left_out
          FROM (SELECT) AS one LEFT JOIN upto ON true;
        END IF;
        IF written <> size THEN
          RAISE EXCEPTION 'only % of % records exist, are not sealed and belong to transactions that have ended', written, size
            USING ERRCODE = 'check_violation';
        END IF;
        IF left_out > 0 THEN
          RAISE EXCEPTION '% record(s) that come before are left out', left_out USING ERRCODE = 'check_violation';
        END IF;
        IF NOT moved AND size <> (
          SELECT count(*) FROM public.audit_logs AS record
          WHERE (record.xact, record.id) > (coalesce(last.sealed_xact, '0'::xid8), coalesce(last.sealed_id, 0))
            AND (record.xact, record.id) <= (upto_xact, upto_id)) THEN
          -- Records that something other than a checkpoint seals: what comes next is not looked for here again.
          INSERT INTO public.audit_unsealable (audit_id, recorded_at)
          SELECT record.id, record.recorded_at
          FROM public.audit_logs AS record JOIN public.audit_seals AS seal ON seal.audit_id = record.id
          WHERE (record.xact, record.id) > (coalesce(last.sealed_xact, '0'::xid8), coalesce(last.sealed_id, 0))
            AND (record.xact, record.id) <= (upto_xact, upto_id) AND seal.checkpoint <> next_number
            AND NOT EXISTS (SELECT FROM public.audit_checkpoints AS sealing WHERE sealing.number = seal.checkpoint
                              AND seal.leaf_index < public.audit_checkpoint_size(sealing.jws))
          ON CONFLICT DO NOTHING;
        END IF;
        INSERT INTO public.audit_checkpoints (number, epoch, cluster, sealed_xact, sealed_id, read_at, next_xact, jws)
        VALUES (next_number, next_epoch, here, upto_xact, upto_id, began, pg_snapshot_xmax(snapshot), jws);
        RETURN true;
      END $$`);
    await runner.query(`REVOKE ALL ON FUNCTION audit_append_checkpoint(text, bigint[], bytea[]), audit_checkpoint_size(text),
                              audit_checkpoint_claims(text) FROM PUBLIC`);
  }

  /** Whichever role the application has, and whichever it had: `grant` gives one role what it needs, and no other. */
  private async takePrivileges(runner: QueryRunner): Promise<void> {
    const grantees = (await runner.query(`
      SELECT DISTINCT format('%I', role.rolname) AS role, relname AS "table"
      FROM pg_class, aclexplode(relacl) AS given JOIN pg_roles AS role ON role.oid = given.grantee
      WHERE pg_class.oid IN ('public.audit_logs'::regclass, 'public.audit_seals'::regclass, 'public.audit_checkpoints'::regclass)
        AND given.privilege_type = 'INSERT' AND given.grantee <> relowner`)) as {
      role: string;
      table: string;
    }[];
    for (const { role, table } of grantees) {
      await runner.query(`REVOKE INSERT ON ${table} FROM ${role}`);
      if (table === 'audit_logs')
        await runner.query(`GRANT INSERT (${WRITTEN_COLUMNS}) ON audit_logs TO ${role}`);
      else
        await runner.query(
          `GRANT EXECUTE ON FUNCTION audit_append_checkpoint(text, bigint[], bytea[]), audit_checkpoint_size(text),
                                     audit_checkpoint_claims(text) TO ${role}`,
        );
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP FUNCTION audit_append_checkpoint(text, bigint[], bytea[])`);
    await runner.query(`DROP FUNCTION audit_checkpoint_size(text)`);
    await runner.query(`DROP FUNCTION audit_checkpoint_claims(text)`);
    for (const table of CREATED_TABLES) await runner.query(`DROP TABLE ${table}`);
  }
}
