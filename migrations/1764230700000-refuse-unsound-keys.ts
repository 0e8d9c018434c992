import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

/** Points of small order in hex without their sign, as libs/signing/src/keys/weak-public-key.ts has them. */
const SMALL_ORDER = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
];

/**
 * A public key on record is spelled in the one canonical form, so that the same key is never on record under two ids, and
 * nobody can sign for it without a private key. A row from before stays: its key and its id never change, and it can be retired and
 * compromised.
 */
export class RefuseUnsoundKeys1764230700000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE OR REPLACE FUNCTION public.signing_keys_refuse_unsound() RETURNS trigger
      LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
      DECLARE
        point bytea;
      BEGIN
        -- 32 bytes leave two spare bits in the last character.
        IF NEW.public_key !~ '^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$' THEN
          RAISE EXCEPTION 'the public key of % is not 32 bytes in canonical base64url', NEW.kid
            USING ERRCODE = 'check_violation';
        END IF;
        point := decode(translate(NEW.public_key, '-_', '+/') || '=', 'base64');
        IF encode(set_byte(point, 31, get_byte(point, 31) & 127), 'hex') = ANY ('{${SMALL_ORDER.join(',')}}'::text[]) THEN
          RAISE EXCEPTION 'the public key of % is of small order: anybody can sign for it', NEW.kid
            USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
      END $$`);
    await runner.query(`REVOKE ALL ON FUNCTION public.signing_keys_refuse_unsound() FROM PUBLIC`);
    await withShortLock(
      runner,
      `DROP TRIGGER IF EXISTS signing_keys_sound ON public.signing_keys;
       CREATE TRIGGER signing_keys_sound BEFORE INSERT ON public.signing_keys
       FOR EACH ROW EXECUTE FUNCTION public.signing_keys_refuse_unsound()`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await withShortLock(runner, `DROP TRIGGER IF EXISTS signing_keys_sound ON public.signing_keys`);
    await runner.query(`DROP FUNCTION IF EXISTS public.signing_keys_refuse_unsound()`);
  }
}
