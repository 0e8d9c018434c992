import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateApiKeys1763856240000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE api_keys (
        id text PRIMARY KEY,
        name text NOT NULL,
        description text,
        scopes text[] NOT NULL,
        prefix text NOT NULL,
        hash bytea NOT NULL,
        pepper_version text NOT NULL,
        previous_hash bytea,
        previous_pepper_version text,
        previous_expires_at timestamptz(3),
        is_active boolean NOT NULL DEFAULT true,
        rate_limit_per_minute integer,
        expires_at timestamptz(3),
        last_used_at timestamptz(3),
        usage_count bigint NOT NULL DEFAULT 0,
        version integer NOT NULL DEFAULT 1,
        created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        created_by text NOT NULL,
        updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        deleted_at timestamptz(3),
        CONSTRAINT api_keys_id_format CHECK (id ~ '^[0-9A-Za-z]{12}$'),
        CONSTRAINT api_keys_hash_length CHECK (octet_length(hash) = 32 AND octet_length(previous_hash) = 32),
        CONSTRAINT api_keys_previous CHECK (
          num_nonnulls(previous_hash, previous_pepper_version, previous_expires_at) IN (0, 3)
        ),
        CONSTRAINT api_keys_lengths CHECK (
          char_length(name) BETWEEN 1 AND 100 AND char_length(description) <= 500
        ),
        CONSTRAINT api_keys_scopes_count CHECK (cardinality(scopes) BETWEEN 1 AND 20),
        CONSTRAINT api_keys_rate_limit CHECK (rate_limit_per_minute >= 1),
        CONSTRAINT api_keys_deleted CHECK (deleted_at IS NULL OR NOT is_active)
      )`);
    await runner.query(
      `CREATE INDEX api_keys_by_creation ON api_keys (created_at, id) WHERE deleted_at IS NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE api_keys`);
  }
}
