import type { MigrationInterface, QueryRunner } from 'typeorm';

const TABLES = ['audit_checkpoints', 'audit_seals'];

/** Signed checkpoints over the audit trail, and which record each of them seals. Both are append-only, as the trail is. */
export class CreateAuditCheckpoints1763857200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // The order in which records are sealed. Records wait to be written for as long as it is built: seconds for
    // millions of them.
    await runner.query(`CREATE INDEX audit_logs_by_xact ON audit_logs (xact, id)`);
    // epoch counts the clusters that the trail lived in: an xid means something in the one that gave it alone.
    await runner.query(`
      CREATE TABLE audit_checkpoints (
        number bigint PRIMARY KEY,
        epoch integer NOT NULL,
        cluster text NOT NULL,
        sealed_xact xid8 NOT NULL,
        sealed_id bigint NOT NULL,
        jws text NOT NULL,
        created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT audit_checkpoints_counted CHECK (number >= 1 AND epoch >= 1)
      )`);
    // No foreign keys, as with the trail: what is left of a tampered table must stay readable.
    await runner.query(`
      CREATE TABLE audit_seals (
        audit_id bigint PRIMARY KEY,
        recorded_at timestamptz(3) NOT NULL,
        checkpoint bigint NOT NULL,
        leaf_index integer NOT NULL,
        leaf_hash bytea NOT NULL,
        CONSTRAINT audit_seals_one_leaf UNIQUE (checkpoint, leaf_index),
        CONSTRAINT audit_seals_leaf_index CHECK (leaf_index >= 0),
        CONSTRAINT audit_seals_sha256 CHECK (octet_length(leaf_hash) = 32)
      )`);
    await runner.query(`
      CREATE FUNCTION audit_checkpoints_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
      END $$`);
    for (const table of TABLES) {
      await runner.query(`
        CREATE TRIGGER ${table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${table}
        FOR EACH STATEMENT EXECUTE FUNCTION audit_checkpoints_refuse_change()`);
      await runner.query(`ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${table}_append_only`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) await runner.query(`DROP TABLE ${table}`);
    await runner.query(`DROP FUNCTION audit_checkpoints_refuse_change()`);
    await runner.query(`DROP INDEX audit_logs_by_xact`);
  }
}
