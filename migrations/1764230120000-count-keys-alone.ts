import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Eighty years of monthly rotations: processes read the table as a whole. */
const MOST_KEYS = 1000;
const BEFORE = 10_000;
const COUNT_LOCK = '4702394921427289944';

/** The keys on record are counted by one transaction at a time: one does not see what others are still to commit. */
export class CountKeysAlone1764230120000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      refuser(
        MOST_KEYS,
        `-- An older snapshot would not show what was committed since.
        IF current_setting('transaction_isolation') <> 'read committed' THEN
          RAISE EXCEPTION 'a signing key is written in READ COMMITTED' USING ERRCODE = 'invalid_transaction_state';
        END IF;
        PERFORM pg_advisory_xact_lock(${COUNT_LOCK});`,
      ),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(refuser(BEFORE, ''));
  }
}

/** @param first statements before the keys are counted */
function refuser(most: number, first: string): string {
  return `
    CREATE OR REPLACE FUNCTION public.signing_keys_refuse_more() RETURNS trigger
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      ${first}
      IF (SELECT count(*) FROM public.signing_keys) >= ${most} THEN
        RAISE EXCEPTION 'signing_keys has at most ${most} rows' USING ERRCODE = 'check_violation';
      END IF;
      RETURN NEW;
    END $$`;
}
