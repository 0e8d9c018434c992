import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

const EARLIEST = '0001-01-01T00:00:00Z';
const LATEST = '10000-01-01T00:00:00Z';

function moments(...columns: readonly string[]): string {
  return columns.map((column) => `${column} >= '${EARLIEST}' AND ${column} < '${LATEST}'`).join(' AND ');
}

/**
 * Which notices of their end were given of licenses (docs/adr/0059). A license that was never renewed or reinstated, and of
 * which no notice was given, has no row, so that an issue writes none. What was past when this ran is never noticed.
 */
export class GiveExpiryNotices1764290000000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // `silent_until`: notices of moments up to it are not given; null: of those up to the creation of the license.
    // `given`: the last notice of the term that ends at `expires_at`: days before the end; 0: in grace; -1: expired.
    await withShortLock(
      runner,
      `CREATE TABLE IF NOT EXISTS public.expiry_notices (
         license_id uuid PRIMARY KEY,
         silent_until timestamptz(3),
         expires_at timestamptz(3),
         given smallint,
         CONSTRAINT expiry_notices_license_id_fkey FOREIGN KEY (license_id) REFERENCES public.licenses (id) ON DELETE RESTRICT,
         CONSTRAINT expiry_notices_given CHECK ((given IS NULL) = (expires_at IS NULL) AND given BETWEEN -1 AND 365),
         CONSTRAINT expiry_notices_moments CHECK (${moments('silent_until', 'expires_at')})
       ) WITH (fillfactor = 80)`,
    );
    await runner.query(
      `CREATE TABLE IF NOT EXISTS public.expiry_notice_progress (
         one boolean PRIMARY KEY DEFAULT true,
         begun_at timestamptz(3) NOT NULL,
         done_until timestamptz(3) NOT NULL,
         CONSTRAINT expiry_notice_progress_one CHECK (one),
         CONSTRAINT expiry_notice_progress_moments CHECK (${moments('begun_at', 'done_until')})
       )`,
    );
    await runner.query(
      `INSERT INTO public.expiry_notice_progress (begun_at, done_until)
       SELECT now, now FROM date_trunc('milliseconds', clock_timestamp()) AS now ON CONFLICT DO NOTHING`,
    );
    await runner.query(`
      CREATE OR REPLACE FUNCTION public.expiry_notices_keep_silent() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        INSERT INTO public.expiry_notices (license_id, silent_until)
        VALUES (NEW.id, date_trunc('milliseconds', clock_timestamp()))
        ON CONFLICT (license_id) DO UPDATE SET silent_until = excluded.silent_until;
        RETURN NULL;
      END $$`);
    await runner.query(`REVOKE ALL ON FUNCTION public.expiry_notices_keep_silent() FROM PUBLIC`);
    // Whoever changes an end, or reinstates: servers of the release before do it too. An issue does not fire it.
    await withShortLock(
      runner,
      `CREATE OR REPLACE TRIGGER expiry_notices_keep_silent AFTER UPDATE OF expires_at, status ON public.licenses
       FOR EACH ROW WHEN (OLD.expires_at IS DISTINCT FROM NEW.expires_at
                          OR OLD.status = 'suspended' AND NEW.status = 'active')
       EXECUTE FUNCTION public.expiry_notices_keep_silent()`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await withShortLock(runner, `DROP TRIGGER IF EXISTS expiry_notices_keep_silent ON public.licenses`);
    await runner.query(`DROP FUNCTION IF EXISTS public.expiry_notices_keep_silent()`);
    await runner.query(`DROP TABLE IF EXISTS public.expiry_notice_progress`);
    await withShortLock(runner, `DROP TABLE IF EXISTS public.expiry_notices`);
  }
}
