import { sqlState, SqlState } from '@aegis/database';
import { setTimeout as pause } from 'node:timers/promises';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const TABLES = {
  customers: 'statistics_of_customer(is_active, deleted_at)',
  licenses: 'statistics_of_license(license_type, status, expires_at)',
};
const TRIGGERS = [
  ['customers', 'INSERT'],
  ['customers', 'UPDATE'],
  ['customers', 'DELETE'],
  ['licenses', 'INSERT'],
  ['licenses', 'UPDATE'],
  ['licenses', 'DELETE'],
  ['audit_logs', 'INSERT'],
] as const;
const TRANSITIONS = {
  INSERT: 'NEW TABLE AS rows_after',
  UPDATE: 'OLD TABLE AS rows_before NEW TABLE AS rows_after',
  DELETE: 'OLD TABLE AS rows_before',
};
/** Shorter than the application waits for a lock: writers queue behind a trigger that is being made. */
const LOCK_TIMEOUT_MS = 300;
const ATTEMPTS = 50;

/**
 * Notes every change of what is counted, then counts what was there before. Each trigger is made in a transaction
 * of its own, which locks one table for a moment; run again after it broke off, it carries on.
 */
export class CountChanges1763856660000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const [table, counters] of Object.entries(TABLES))
      await runner.query(`
        CREATE OR REPLACE FUNCTION statistics_note_${table}() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
          IF TG_OP = 'INSERT' THEN
            INSERT INTO public.statistics_deltas (day, counter, delta)
            SELECT day, counter, count(*) FROM rows_after, public.${counters} GROUP BY day, counter;
          ELSIF TG_OP = 'DELETE' THEN
            INSERT INTO public.statistics_deltas (day, counter, delta)
            SELECT day, counter, -count(*) FROM rows_before, public.${counters} GROUP BY day, counter;
          ELSE
            INSERT INTO public.statistics_deltas (day, counter, delta)
            SELECT day, counter, sum(delta)
            FROM (SELECT day, counter, 1 AS delta FROM rows_after, public.${counters}
                  UNION ALL
                  SELECT day, counter, -1 FROM rows_before, public.${counters}) AS change
            GROUP BY day, counter HAVING sum(delta) <> 0;
          END IF;
          RETURN NULL;
        END $$`);
    await runner.query(`
      CREATE OR REPLACE FUNCTION statistics_note_audit_logs() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        INSERT INTO public.statistics_deltas (day, counter, delta)
        SELECT '-infinity', 'audit_logs', count(*) FROM rows_after HAVING count(*) > 0;
        RETURN NULL;
      END $$`);
    for (const [table, event] of TRIGGERS)
      await withShortLock(
        runner,
        `CREATE OR REPLACE TRIGGER statistics_note_${event.toLowerCase()} AFTER ${event} ON ${table}
         REFERENCING ${TRANSITIONS[event]} FOR EACH STATEMENT EXECUTE FUNCTION statistics_note_${table}()`,
      );
    await runner.query(`SELECT statistics_recount()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [table, event] of TRIGGERS)
      await withShortLock(
        runner,
        `DROP TRIGGER IF EXISTS statistics_note_${event.toLowerCase()} ON ${table}`,
      );
    for (const table of ['customers', 'licenses', 'audit_logs'])
      await runner.query(`DROP FUNCTION IF EXISTS statistics_note_${table}()`);
  }
}

/** Tries again rather than let writers queue behind a lock that is long in coming. */
async function withShortLock(runner: QueryRunner, statement: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // One query of several statements is one transaction.
      await runner.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}; ${statement}`);
      return;
    } catch (error) {
      if (attempt === ATTEMPTS || sqlState(error) !== SqlState.lockNotAvailable) throw error;
      await pause(LOCK_TIMEOUT_MS);
    }
  }
}
