import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateLicenses1763856120000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE licenses (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        customer_id text NOT NULL REFERENCES customers (id) ON DELETE RESTRICT,
        module_name text NOT NULL,
        license_type text NOT NULL,
        allowed_major_versions text[] NOT NULL,
        issued_at timestamptz(3) NOT NULL,
        expires_at timestamptz(3),
        status text NOT NULL DEFAULT 'active',
        revoked_at timestamptz(3),
        revoked_reason text,
        suspended_at timestamptz(3),
        suspended_reason text,
        instance_fingerprint text,
        token text,
        key_id text NOT NULL REFERENCES signing_keys (kid) ON DELETE RESTRICT,
        revision integer NOT NULL DEFAULT 1,
        notes text,
        version integer NOT NULL DEFAULT 1,
        created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT licenses_module_name_format CHECK (module_name ~ '^[A-Za-z0-9_.-]{1,100}$'),
        CONSTRAINT licenses_type CHECK (license_type IN ('perpetual', 'subscription', 'demo')),
        CONSTRAINT licenses_versions_count CHECK (cardinality(allowed_major_versions) BETWEEN 1 AND 50),
        CONSTRAINT licenses_expiry CHECK ((license_type = 'perpetual') = (expires_at IS NULL)),
        CONSTRAINT licenses_status CHECK (status IN ('active', 'suspended', 'revoked')),
        CONSTRAINT licenses_revoked CHECK ((status = 'revoked') = (revoked_at IS NOT NULL)),
        CONSTRAINT licenses_suspended CHECK (
          CASE status WHEN 'suspended' THEN suspended_at IS NOT NULL WHEN 'active' THEN suspended_at IS NULL ELSE true END
        ),
        CONSTRAINT licenses_fingerprint_format CHECK (instance_fingerprint ~ '^sha256:[0-9a-f]{64}$'),
        CONSTRAINT licenses_token_size CHECK (octet_length(token) <= 65536),
        CONSTRAINT licenses_revision CHECK (revision >= 1),
        CONSTRAINT licenses_lengths CHECK (
          char_length(notes) <= 2000 AND char_length(revoked_reason) BETWEEN 1 AND 500
          AND char_length(suspended_reason) BETWEEN 1 AND 500
        )
      )`);
    const indexes: Record<string, string> = {
      by_creation: '(created_at, id)',
      // Perpetual licenses sort behind all others.
      by_expiry: `(coalesce(expires_at, 'infinity'), id)`,
      by_customer: '(customer_id, created_at, id)',
      by_module: '(module_name, created_at, id)',
      by_type: '(license_type, created_at, id)',
      by_status: '(status, created_at, id)',
      by_key: '(key_id, created_at, id)',
      by_id_prefix: '((lower(id::text COLLATE "und-x-icu")) text_pattern_ops)',
      by_module_prefix: '((lower(module_name COLLATE "und-x-icu")) text_pattern_ops)',
      by_customer_prefix: '((lower(customer_id COLLATE "und-x-icu")) text_pattern_ops)',
    };
    for (const [name, columns] of Object.entries(indexes))
      await runner.query(`CREATE INDEX licenses_${name} ON licenses ${columns}`);

    await runner.query(`
      CREATE TABLE license_tokens (
        sha256 bytea PRIMARY KEY,
        license_id uuid NOT NULL REFERENCES licenses (id) ON DELETE RESTRICT,
        key_id text NOT NULL REFERENCES signing_keys (kid) ON DELETE RESTRICT,
        revision integer NOT NULL,
        recorded_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        superseded_at timestamptz(3),
        status_list integer,
        status_index integer,
        CONSTRAINT license_tokens_sha256_length CHECK (octet_length(sha256) = 32),
        CONSTRAINT license_tokens_revision CHECK (revision >= 1),
        CONSTRAINT license_tokens_status CHECK (
          (status_list IS NULL) = (status_index IS NULL)
          AND status_list >= 0 AND status_index BETWEEN 0 AND 131071
        ),
        CONSTRAINT license_tokens_revision_unique UNIQUE (license_id, revision),
        CONSTRAINT license_tokens_status_unique UNIQUE (status_list, status_index)
      )`);
    await runner.query(`CREATE INDEX license_tokens_by_key ON license_tokens (key_id, recorded_at)`);
    await runner.query(`CREATE SEQUENCE license_tokens_status_number_seq AS bigint MINVALUE 0 START 0`);
    // One row: the key of the permutation that scatters status indexes. 244 random bits of two version 4 UUIDs.
    await runner.query(`
      CREATE TABLE status_index_key (
        id boolean PRIMARY KEY DEFAULT true,
        key bytea NOT NULL,
        CONSTRAINT status_index_key_one_row CHECK (id)
      )`);
    await runner.query(`
      INSERT INTO status_index_key (key)
      SELECT decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE status_index_key`);
    await runner.query(`DROP SEQUENCE license_tokens_status_number_seq`);
    await runner.query(`DROP TABLE license_tokens`);
    await runner.query(`DROP TABLE licenses`);
  }
}
