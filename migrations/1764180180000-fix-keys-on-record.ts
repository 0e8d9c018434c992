import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

/**
 * A kid always means the same key, and when a key was withdrawn is the database's to say, once: checkpoints that it
 * signed before that time count.
 */
export class FixKeysOnRecord1764180180000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE OR REPLACE FUNCTION public.signing_keys_fix() RETURNS trigger
      LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        IF TG_OP = 'UPDATE' THEN
          IF (NEW.kid, NEW.alg, NEW.public_key) IS DISTINCT FROM (OLD.kid, OLD.alg, OLD.public_key) THEN
            RAISE EXCEPTION 'the signing key % keeps its id and its public key', OLD.kid USING ERRCODE = 'check_violation';
          END IF;
          IF NEW.state = 'compromised' AND OLD.state = 'compromised' THEN
            NEW.compromised_at := OLD.compromised_at;
            RETURN NEW;
          END IF;
        END IF;
        IF NEW.state = 'compromised' THEN
          NEW.compromised_at := clock_timestamp();
        END IF;
        RETURN NEW;
      END $$`);
    await runner.query(`REVOKE ALL ON FUNCTION public.signing_keys_fix() FROM PUBLIC`);
    await withShortLock(
      runner,
      `DROP TRIGGER IF EXISTS signing_keys_fixed ON public.signing_keys;
       CREATE TRIGGER signing_keys_fixed BEFORE INSERT OR UPDATE ON public.signing_keys
       FOR EACH ROW EXECUTE FUNCTION public.signing_keys_fix()`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await withShortLock(runner, `DROP TRIGGER IF EXISTS signing_keys_fixed ON public.signing_keys`);
    await runner.query(`DROP FUNCTION IF EXISTS public.signing_keys_fix()`);
  }
}
