import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Any constant does, as long as nothing else in the database uses it as an advisory lock. */
const ACTIVE_KEY_LOCK = '4702394921427289941';

/**
 * Lets processes follow the table of signing keys: each change is told on a channel, what is put on record is held to
 * the active key, and each process says with which keys it can sign.
 */
export class FollowSigningKeys1764020000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION signing_keys_tell() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        NOTIFY aegis_signing_keys;
        RETURN NULL;
      END $$`);
    await runner.query(`
      CREATE TRIGGER signing_keys_changed AFTER INSERT OR UPDATE OR DELETE ON signing_keys
      FOR EACH STATEMENT EXECUTE FUNCTION signing_keys_tell()`);
    await runner.query(`
      CREATE FUNCTION signing_keys_refuse_pardon() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'the signing key % is compromised for good', OLD.kid USING ERRCODE = 'check_violation';
      END $$`);
    await runner.query(`
      CREATE TRIGGER signing_keys_no_pardon BEFORE UPDATE ON signing_keys
      FOR EACH ROW WHEN (OLD.state = 'compromised' AND NEW.state <> 'compromised')
      EXECUTE FUNCTION signing_keys_refuse_pardon()`);
    // Whoever records tokens shares this lock until the commit; who changes the active key takes it alone.
    await runner.query(`
      CREATE FUNCTION signing_keys_hold_alone() RETURNS void LANGUAGE sql AS $$
        SELECT pg_advisory_xact_lock(${ACTIVE_KEY_LOCK})
      $$`);
    // PL/pgSQL, and volatile: the second statement has a snapshot of its own, and sees what the lock waited for.
    await runner.query(`
      CREATE FUNCTION signing_keys_require_active(kids text[]) RETURNS boolean LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM pg_advisory_xact_lock_shared(${ACTIVE_KEY_LOCK});
        IF EXISTS (SELECT FROM unnest(kids) AS used (kid)
                   WHERE NOT EXISTS (SELECT FROM signing_keys k WHERE k.kid = used.kid AND k.state = 'active')) THEN
          RAISE EXCEPTION 'signed by a key that is not the active one' USING ERRCODE = 'AE001';
        END IF;
        RETURN true;
      END $$`);
    await runner.query(`
      CREATE TABLE signing_replicas (
        id uuid PRIMARY KEY,
        name text NOT NULL,
        kids text[] NOT NULL,
        started_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        seen_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE signing_replicas`);
    await runner.query(`DROP TRIGGER signing_keys_no_pardon ON signing_keys`);
    await runner.query(`DROP TRIGGER signing_keys_changed ON signing_keys`);
    for (const signature of [
      'signing_keys_require_active(text[])',
      'signing_keys_hold_alone()',
      'signing_keys_refuse_pardon()',
      'signing_keys_tell()',
    ])
      await runner.query(`DROP FUNCTION ${signature}`);
  }
}
