import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Of migration 1764280000000. @param find SQL that finds the last one of `first` that is removed */
function eventsForget(find: string): string {
  return `
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
      WITH first AS (
        SELECT position, numbered_at FROM public.events ORDER BY position LIMIT least(most, 10000)
      )
      ${find};
      IF until IS NULL THEN
        RETURN 0;
      END IF;
      DELETE FROM public.events WHERE position <= until;
      GET DIAGNOSTICS removed = ROW_COUNT;
      UPDATE public.event_positions SET forgotten = until;
      RETURN removed;
    END $$`;
}

const BEYOND_ALL = '9223372036854775807';
const OLD = 'first.numbered_at < now() - make_interval(hours => 24 * days)';

/**
 * An event that got its place while the clock was behind looks old: it must not take those before it with it. One from
 * while the clock was ahead looks new for as long, and must not keep those after it.
 */
export class KeepEventsWhileClocksStep1764310000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      eventsForget(`
      SELECT max(position) INTO until FROM first
      WHERE ${OLD} AND position < coalesce(
        (SELECT min(position) FROM first WHERE NOT (${OLD}) AND numbered_at <= now()), ${BEYOND_ALL})`),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(eventsForget(`SELECT max(position) INTO until FROM first WHERE ${OLD}`));
  }
}
