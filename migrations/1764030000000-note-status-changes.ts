import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

const TRIGGERS = [
  ['licenses', 'update', 'OLD TABLE AS rows_before NEW TABLE AS rows_after'],
  ['license_tokens', 'insert', 'NEW TABLE AS rows_after'],
  ['license_tokens', 'update', 'OLD TABLE AS rows_before NEW TABLE AS rows_after'],
] as const;

/**
 * Which lists each statement changes. Joins of the rows before and after are left to set operations: a plan that was
 * made for one row, and kept, would take the square of the rows of a large statement.
 */
const CHANGED_LISTS: Readonly<Record<string, string>> = {
  licenses_update: `
    SELECT token.status_list AS list
    FROM (SELECT id, status FROM rows_after EXCEPT SELECT id, status FROM rows_before) AS changed
    JOIN public.license_tokens AS token ON token.license_id = changed.id`,
  // A token of an active license is valid, as its list says of every index that nobody has.
  license_tokens_insert: `
    SELECT token.status_list AS list
    FROM rows_after AS token JOIN public.licenses AS license ON license.id = token.license_id
    WHERE token.superseded_at IS NOT NULL OR license.status <> 'active'`,
  license_tokens_update: `
    SELECT status_list AS list
    FROM (
      (SELECT license_id, status_list, status_index, superseded_at FROM rows_after
       EXCEPT SELECT license_id, status_list, status_index, superseded_at FROM rows_before)
      UNION ALL
      (SELECT license_id, status_list, status_index, superseded_at FROM rows_before
       EXCEPT SELECT license_id, status_list, status_index, superseded_at FROM rows_after)
    ) AS changed`,
};

/** Counts for each status list the changes of what it says, whoever makes them: see docs/adr/0019. */
export class NoteStatusChanges1764030000000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE IF NOT EXISTS status_list_versions (
        list integer PRIMARY KEY,
        version bigint NOT NULL
      )`);
    // A queue: what was folded is vacuumed soon, so that reading the rest stays cheap.
    await runner.query(`
      CREATE TABLE IF NOT EXISTS status_list_changes (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        list integer NOT NULL
      ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)`);
    await this.createFold(runner);
    for (const [name, changed] of Object.entries(CHANGED_LISTS))
      await runner.query(`
        CREATE OR REPLACE FUNCTION status_lists_note_${name}() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
          INSERT INTO public.status_list_changes (list)
          SELECT DISTINCT list FROM (${changed}) AS changes WHERE list IS NOT NULL;
          RETURN NULL;
        END $$`);
    for (const [table, event, transition] of TRIGGERS)
      await withShortLock(
        runner,
        `CREATE OR REPLACE TRIGGER status_lists_note_${event} AFTER ${event} ON ${table} REFERENCING ${transition}
         FOR EACH STATEMENT EXECUTE FUNCTION status_lists_note_${table}_${event}()`,
      );
  }

  /** Adds what was noted to the versions; one process at a time, the others have nothing to do. */
  private async createFold(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE OR REPLACE FUNCTION status_lists_fold(most integer) RETURNS integer
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      DECLARE
        folded integer;
      BEGIN
        IF NOT pg_try_advisory_xact_lock(4702394921427289940) THEN
          RETURN 0;
        END IF;
        WITH taken AS (
          DELETE FROM public.status_list_changes
          WHERE id IN (SELECT id FROM public.status_list_changes LIMIT most)
          RETURNING list
        ), added AS (
          INSERT INTO public.status_list_versions AS known (list, version)
          SELECT list, count(*) FROM taken GROUP BY list
          ON CONFLICT (list) DO UPDATE SET version = known.version + excluded.version
        )
        SELECT count(*) INTO folded FROM taken;
        RETURN folded;
      END $$`);
    await runner.query(`REVOKE ALL ON FUNCTION status_lists_fold(integer) FROM PUBLIC`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [table, event] of TRIGGERS)
      await withShortLock(runner, `DROP TRIGGER IF EXISTS status_lists_note_${event} ON ${table}`);
    for (const name of Object.keys(CHANGED_LISTS))
      await runner.query(`DROP FUNCTION IF EXISTS status_lists_note_${name}()`);
    await runner.query(`DROP FUNCTION IF EXISTS status_lists_fold(integer)`);
    await runner.query(`DROP TABLE IF EXISTS status_list_changes`);
    await runner.query(`DROP TABLE IF EXISTS status_list_versions`);
  }
}
