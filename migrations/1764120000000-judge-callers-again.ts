import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Begins the number of each caller's advisory lock; any constant does, as long as nothing else uses it. */
const CALLERS = '4702394921427289943';

/**
 * Lets the transaction of a change judge its caller again: the caller's lock is shared until the commit, and held alone
 * by who changes or ends the caller's credential. Rows are not locked: their uses are counted all the time, and who
 * waits for a row to be free of readers could wait for ever.
 */
export class JudgeCallersAgain1764120000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // PL/pgSQL, and volatile: the statement after the locks has a snapshot of its own, and sees what they waited for.
    // All locks in one order, whoever asks for them: two callers that change each other don't wait in a circle.
    await runner.query(`
      CREATE FUNCTION public.callers_in_force(callers jsonb, ending jsonb) RETURNS jsonb
      LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
      DECLARE
        held record;
        standings jsonb;
      BEGIN
        FOR held IN
          SELECT hashtextextended(format('%s:%s', named ->> 'kind', named ->> 'id'), ${CALLERS}) AS number,
                 bool_or(alone) AS alone
            FROM (SELECT caller, false FROM jsonb_array_elements(callers) AS caller
                  UNION ALL
                  SELECT caller, true FROM jsonb_array_elements(ending) AS caller) AS asked (named, alone)
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
                     'has_current_secret', caller -> 'proofs' ? encode(hash, 'hex')) AS standing
              FROM public.api_keys
             WHERE caller ->> 'kind' = 'api_key' AND id = caller ->> 'id' AND is_active AND deleted_at IS NULL
               AND (expires_at IS NULL OR expires_at > clock_timestamp())
               AND (caller -> 'proofs' ? encode(hash, 'hex')
                    OR previous_expires_at > clock_timestamp()
                       AND caller -> 'proofs' ? encode(previous_hash, 'hex'))) AS found ON true;
        RETURN coalesce(standings, '[]');
      END $$`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION public.callers_in_force(jsonb, jsonb)');
  }
}
