import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

/** By table: what is refused of an update, and how it is named. */
const FINAL: Readonly<Record<string, { what: string; refused: string }>> = {
  licenses: {
    what: 'its id, and that it was revoked',
    refused: `NEW.id <> OLD.id
      OR OLD.status = 'revoked' AND (NEW.status, NEW.revoked_at) IS DISTINCT FROM (OLD.status, OLD.revoked_at)`,
  },
  license_tokens: {
    what: 'that it was superseded',
    refused: `OLD.superseded_at IS NOT NULL AND NEW.superseded_at IS DISTINCT FROM OLD.superseded_at`,
  },
  api_keys: {
    what: 'its id, and that it was deleted',
    refused: `NEW.id <> OLD.id OR OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS DISTINCT FROM OLD.deleted_at`,
  },
  customers: {
    what: 'its id, and that it was deleted',
    refused: `NEW.id <> OLD.id OR OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS DISTINCT FROM OLD.deleted_at`,
  },
  signing_keys: {
    what: 'up to when it is trusted, once it is compromised: less is possible',
    refused: `OLD.state = 'compromised'
      AND NEW.compromised_after > coalesce(OLD.compromised_after, '-infinity'::timestamptz)`,
  },
};

/**
 * A license stays revoked, a token superseded, an API key and a customer deleted, and a compromised key does not get more
 * trust: the server never takes such a change back, and nobody else with its role can. Their ids stay too, since a row of
 * the same id without the change would have the same effect.
 */
export class KeepWhatIsFinal1764230500000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE OR REPLACE FUNCTION public.rows_keep_final() RETURNS trigger
      LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        RAISE EXCEPTION 'a row of % keeps %', TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = 'check_violation';
      END $$`);
    await runner.query(`REVOKE ALL ON FUNCTION public.rows_keep_final() FROM PUBLIC`);
    for (const [table, { what, refused }] of Object.entries(FINAL))
      await withShortLock(
        runner,
        `DROP TRIGGER IF EXISTS ${table}_final ON public.${table};
         CREATE TRIGGER ${table}_final BEFORE UPDATE ON public.${table}
         FOR EACH ROW WHEN (${refused}) EXECUTE FUNCTION public.rows_keep_final('${what}')`,
      );
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of Object.keys(FINAL))
      await withShortLock(runner, `DROP TRIGGER IF EXISTS ${table}_final ON public.${table}`);
    await runner.query(`DROP FUNCTION IF EXISTS public.rows_keep_final()`);
  }
}
