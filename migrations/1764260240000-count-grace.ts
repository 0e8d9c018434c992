import type { MigrationInterface, QueryRunner } from 'typeorm';

const WITHOUT_GRACE = 'statistics_of_license(license_type, status, expires_at)';
const WITH_GRACE = 'statistics_of_license(license_type, status, expires_at, grace_days)';

/**
 * A license in grace has not expired: the days on which the grace of active licenses begins and ends are counted next to
 * those on which they end (docs/adr/0055). Licenses without grace are in the same counters as before, and no row has
 * grace yet, so that nothing has to be counted again.
 */
export class CountGrace1764260240000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION public.statistics_of_license(license_type text, status text, expires_at timestamptz,
                                                   grace_days smallint)
      RETURNS TABLE (day date, counter text) LANGUAGE sql IMMUTABLE BEGIN ATOMIC
        SELECT '-infinity'::date, 'licenses.' || license_type || '.' || status
        UNION ALL
        SELECT (expires_at AT TIME ZONE 'UTC')::date, 'licenses.ending'
        WHERE status = 'active' AND expires_at IS NOT NULL
        UNION ALL
        SELECT (expires_at AT TIME ZONE 'UTC')::date, 'licenses.grace_begins'
        WHERE status = 'active' AND grace_days > 0
        UNION ALL
        SELECT (expires_at AT TIME ZONE 'UTC' + grace_days * interval '24 hours')::date, 'licenses.grace_ends'
        WHERE status = 'active' AND grace_days > 0;
      END`);
    await runner.query(
      `REVOKE ALL ON FUNCTION public.statistics_of_license(text, text, timestamptz, smallint) FROM PUBLIC`,
    );
    await this.countBy(runner, WITHOUT_GRACE, WITH_GRACE);
  }

  async down(runner: QueryRunner): Promise<void> {
    await this.countBy(runner, WITH_GRACE, WITHOUT_GRACE);
    await runner.query(`DROP FUNCTION public.statistics_of_license(text, text, timestamptz, smallint)`);
    await runner.query(`SELECT public.statistics_recount()`);
  }

  /** Lets the counting functions call another function, and leaves the rest of them as it is. */
  private async countBy(runner: QueryRunner, before: string, after: string): Promise<void> {
    for (const name of ['statistics_note_licenses()', 'statistics_recount()']) {
      const [row] = (await runner.query(`SELECT pg_get_functiondef($1::regprocedure) AS definition`, [
        `public.${name}`,
      ])) as { definition: string }[];
      const definition = row?.definition ?? '';
      if (!definition.includes(before)) throw new Error(`${name} does not call ${before}`);
      await runner.query(definition.replaceAll(before, after));
    }
  }
}
