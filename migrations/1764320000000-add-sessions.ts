import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

/** Begins the number of each caller's advisory lock: of migration 1764120000000. */
const CALLERS = '4702394921427289943';

const EARLIEST = '0001-01-01T00:00:00Z';
const LATEST = '10000-01-01T00:00:00Z';

function moments(...columns: readonly string[]): string {
  return columns.map((column) => `${column} >= '${EARLIEST}' AND ${column} < '${LATEST}'`).join(' AND ');
}

/** What proves an API key: a hash of its secret. */
const BY_SECRET = `
  caller -> 'proofs' ? encode(hash, 'hex')
  OR previous_expires_at > clock_timestamp() AND caller -> 'proofs' ? encode(previous_hash, 'hex')`;

/** Of migration 1764120000000. */
const BEFORE = {
  locks: '',
  hasCurrentSecret: `caller -> 'proofs' ? encode(hash, 'hex')`,
  isProven: BY_SECRET,
};

/** A caller may be an API key by one of its sessions. Rotation ends sessions: each stands for the current secret. */
const WITH_SESSIONS = {
  locks: `
    UNION ALL
    SELECT jsonb_build_object('kind', 'session', 'id', caller ->> 'session'), false
    FROM jsonb_array_elements(callers) AS caller WHERE caller ->> 'session' IS NOT NULL`,
  hasCurrentSecret: `caller ->> 'session' IS NOT NULL OR caller -> 'proofs' ? encode(hash, 'hex')`,
  isProven: `
    CASE WHEN caller ->> 'session' IS NULL THEN ${BY_SECRET}
         ELSE EXISTS (SELECT FROM public.sessions AS session
                      WHERE session.id = (caller ->> 'session')::uuid AND session.api_key_id = api_keys.id
                        AND session.expires_at > clock_timestamp()) END`,
};

/** Locks the callers, then reads how they are. */
function judging({ locks, hasCurrentSecret, isProven }: typeof BEFORE): string {
  return `
      FOR held IN
        SELECT hashtextextended(format('%s:%s', named ->> 'kind', named ->> 'id'), ${CALLERS}) AS number,
               bool_or(alone) AS alone
          FROM (SELECT caller, false FROM jsonb_array_elements(callers) AS caller
                UNION ALL
                SELECT caller, true FROM jsonb_array_elements(ending) AS caller
                ${locks}) AS asked (named, alone)
         GROUP BY 1 ORDER BY 1
      LOOP
        IF held.alone THEN
          PERFORM pg_advisory_xact_lock(held.number);
        ELSE
          PERFORM pg_advisory_xact_lock_shared(held.number);
        END IF;
      END LOOP;
      SELECT jsonb_agg(standing ORDER BY position) INTO standings
        FROM jsonb_array_elements(callers) WITH ORDINALITY AS asked (caller, position)
        LEFT JOIN LATERAL (
          SELECT jsonb_build_object(
                   'scopes', scopes, 'expires_at', expires_at, 'rate_limit_per_minute', rate_limit_per_minute,
                   'has_current_secret', ${hasCurrentSecret}) AS standing
            FROM public.api_keys
           WHERE caller ->> 'kind' = 'api_key' AND id = caller ->> 'id' AND is_active AND deleted_at IS NULL
             AND (expires_at IS NULL OR expires_at > clock_timestamp())
             AND (${isProven})) AS found ON true;`;
}

function callersInForce(body: string): string {
  return `
    CREATE OR REPLACE FUNCTION public.callers_in_force(callers jsonb, ending jsonb) RETURNS jsonb
    LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      held record;
      standings jsonb;
    BEGIN
      ${body}
      RETURN coalesce(standings, '[]');
    END $$`;
}

// Of most requests no caller has a session: they pay nothing for it. And servers of the release before, whose role may not
// read sessions until the upgrade has given privileges, never do.
const JUDGE_EACH = `
      IF callers @? '$[*].session' THEN ${judging(WITH_SESSIONS)}
      ELSE ${judging(BEFORE)}
      END IF;`;

/**
 * Sessions: what a browser has in place of an API key. A session ends with its key, no matter who ends it: a deleted,
 * deactivated or rotated key has none, and none lasts longer than its key.
 */
export class AddSessions1764320000000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // The server can't choose `created_at`, so that no session lasts longer than 12 hours.
    await runner.query(
      `CREATE TABLE IF NOT EXISTS public.sessions (
         id uuid NOT NULL,
         token_hash bytea NOT NULL,
         api_key_id text NOT NULL,
         created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
         expires_at timestamptz(3) NOT NULL,
         last_used_at timestamptz(3) NOT NULL,
         CONSTRAINT sessions_pkey PRIMARY KEY (id),
         CONSTRAINT sessions_token_hash_key UNIQUE (token_hash),
         CONSTRAINT sessions_token_hash_length CHECK (octet_length(token_hash) = 32),
         CONSTRAINT sessions_api_key_id_length CHECK (octet_length(api_key_id) <= 12),
         CONSTRAINT sessions_longest CHECK (expires_at <= created_at + interval '12 hours'),
         CONSTRAINT sessions_moments CHECK (${moments('created_at', 'expires_at', 'last_used_at')})
       ) WITH (fillfactor = 70)`,
    );
    // No foreign key: keys are never removed, and a lock of their rows for each session would gain nothing.
    await runner.query(
      `CREATE INDEX IF NOT EXISTS sessions_by_key ON public.sessions (api_key_id, created_at, id)`,
    );
    await runner.query(`CREATE INDEX IF NOT EXISTS sessions_by_creation ON public.sessions (created_at, id)`);
    await this.endWithKeys(runner);
    await this.endAtRestores(runner);
    await runner.query(callersInForce(JUDGE_EACH));
  }

  private async endWithKeys(runner: QueryRunner): Promise<void> {
    // In the order of ids, as all who lock several. A later end of the key makes no session longer.
    await runner.query(`
      CREATE OR REPLACE FUNCTION public.sessions_end_with_key() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        PERFORM FROM public.sessions WHERE api_key_id = NEW.id ORDER BY id FOR UPDATE;
        IF NEW.is_active AND NEW.deleted_at IS NULL AND NEW.hash = OLD.hash THEN
          UPDATE public.sessions SET expires_at = NEW.expires_at
           WHERE api_key_id = NEW.id AND expires_at > NEW.expires_at;
        ELSE
          DELETE FROM public.sessions WHERE api_key_id = NEW.id;
        END IF;
        RETURN NULL;
      END $$`);
    await runner.query(`REVOKE ALL ON FUNCTION public.sessions_end_with_key() FROM PUBLIC`);
    // The same secret gets another hash under another pepper, which is not a change of the key: its version stays.
    await withShortLock(
      runner,
      `DROP TRIGGER IF EXISTS api_keys_end_sessions ON public.api_keys;
       CREATE TRIGGER api_keys_end_sessions
       AFTER UPDATE OF is_active, deleted_at, expires_at, hash ON public.api_keys
       FOR EACH ROW WHEN (
         NOT NEW.is_active OR NEW.deleted_at IS NOT NULL OR NEW.expires_at IS DISTINCT FROM OLD.expires_at
         OR NEW.hash <> OLD.hash AND (NEW.version <> OLD.version OR NEW.pepper_version = OLD.pepper_version))
       EXECUTE FUNCTION public.sessions_end_with_key()`,
    );
  }

  /** Sessions that ended after the moment to which the database was restored must not live again. */
  private async endAtRestores(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE OR REPLACE FUNCTION public.sessions_end_at_restore() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        DELETE FROM public.sessions;
        RETURN NULL;
      END $$`);
    await runner.query(`REVOKE ALL ON FUNCTION public.sessions_end_at_restore() FROM PUBLIC`);
    await withShortLock(
      runner,
      `DROP TRIGGER IF EXISTS restores_end_sessions ON public.restores;
       CREATE TRIGGER restores_end_sessions AFTER INSERT ON public.restores
       FOR EACH ROW EXECUTE FUNCTION public.sessions_end_at_restore()`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(callersInForce(judging(BEFORE)));
    await withShortLock(runner, `DROP TRIGGER IF EXISTS restores_end_sessions ON public.restores`);
    await withShortLock(runner, `DROP TRIGGER IF EXISTS api_keys_end_sessions ON public.api_keys`);
    await runner.query(`DROP FUNCTION IF EXISTS public.sessions_end_at_restore()`);
    await runner.query(`DROP FUNCTION IF EXISTS public.sessions_end_with_key()`);
    await runner.query(`DROP TABLE IF EXISTS public.sessions`);
  }
}
