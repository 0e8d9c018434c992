import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateSigningKeys1763856060000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE signing_keys (
        kid text PRIMARY KEY,
        alg text NOT NULL,
        public_key text NOT NULL,
        state text NOT NULL,
        created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        activated_at timestamptz(3),
        retired_at timestamptz(3),
        compromised_at timestamptz(3),
        compromised_after timestamptz(3),
        CONSTRAINT signing_keys_kid_format CHECK (kid ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$'),
        CONSTRAINT signing_keys_alg CHECK (alg = 'EdDSA'),
        CONSTRAINT signing_keys_public_key_format CHECK (public_key ~ '^[A-Za-z0-9_-]{43}$'),
        CONSTRAINT signing_keys_state CHECK (state IN ('pending', 'active', 'retired', 'compromised')),
        CONSTRAINT signing_keys_compromised CHECK (
          (state = 'compromised') = (compromised_at IS NOT NULL)
          AND (compromised_after IS NULL OR state = 'compromised')
        ),
        CONSTRAINT signing_keys_public_key_unique UNIQUE (public_key)
      )`);
    await runner.query(
      `CREATE UNIQUE INDEX signing_keys_one_active ON signing_keys (state) WHERE state = 'active'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE signing_keys`);
  }
}
