import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

/** Days of 86,400 seconds, in every time zone; nothing here depends on the session's. */
const GRACE_END = `((expires_at AT TIME ZONE 'UTC' + grace_days * interval '24 hours') AT TIME ZONE 'UTC')`;

/** Licenses with grace only, so that one without writes neither. */
const INDEXES: Readonly<Record<string, string>> = {
  by_grace_end: `(${GRACE_END}, id) WHERE grace_days > 0`,
  by_grace: '(grace_days) WHERE grace_days > 0',
};

/**
 * Days after the end in which a license is still valid. A constant default writes no row again, and no row can break the
 * rule before it is checked. Servers of the previous release issue licenses without grace.
 */
export class AddGrace1764260120000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await withShortLock(
      runner,
      `ALTER TABLE public.licenses ADD COLUMN IF NOT EXISTS grace_days smallint NOT NULL DEFAULT 0,
       DROP CONSTRAINT IF EXISTS licenses_grace,
       ADD CONSTRAINT licenses_grace
         CHECK (grace_days BETWEEN 0 AND 365 AND (grace_days = 0 OR expires_at IS NOT NULL)) NOT VALID`,
    );
    for (const [suffix, definition] of Object.entries(INDEXES)) {
      // An interrupted run leaves an index that is not valid.
      await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS public.licenses_${suffix}`);
      await runner.query(`CREATE INDEX CONCURRENTLY licenses_${suffix} ON public.licenses ${definition}`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await withShortLock(runner, `ALTER TABLE public.licenses DROP COLUMN IF EXISTS grace_days`);
  }
}
