import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

/**
 * What is refused of an update. The server only adds activations, renews and lists them, ends them once, and removes their
 * names. What a token counts until decides for how long a list says that its activation has ended.
 */
const REFUSED = `OLD.ended_at IS NOT NULL AND (NEW.ended_at, NEW.ended_by) IS DISTINCT FROM (OLD.ended_at, OLD.ended_by)
  OR OLD.status_list IS NOT NULL
    AND (NEW.status_list, NEW.status_index) IS DISTINCT FROM (OLD.status_list, OLD.status_index)
  OR coalesce(NEW.token_expires_at, '-infinity') < OLD.token_expires_at
  OR coalesce(NEW.offline_until, '-infinity') < OLD.offline_until`;

/**
 * An activation that has ended stays ended, and a status list says so for as long as a token of it counts: the server never
 * takes an end back, and nobody else with its role can. Whose it is that role may not change at all (`privileges.ts`). The
 * function is the one of licenses and tokens.
 */
export class KeepEndedActivations1764270480000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await withShortLock(
      runner,
      `DROP TRIGGER IF EXISTS activations_final ON public.activations;
       CREATE TRIGGER activations_final BEFORE UPDATE ON public.activations
       FOR EACH ROW WHEN (${REFUSED})
       EXECUTE FUNCTION public.rows_keep_final('that it ended, its place in a status list, and up to when its tokens count')`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await withShortLock(runner, `DROP TRIGGER IF EXISTS activations_final ON public.activations`);
  }
}
