import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which secret each version of SECRETS_KEY is, without revealing it: as pepper_checks. */
export class CheckSecretsKeys1764300060000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE public.secrets_key_checks (
         version text PRIMARY KEY,
         check_value bytea NOT NULL,
         recorded_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
         CONSTRAINT secrets_key_checks_version_length CHECK (octet_length(version) <= 1024),
         CONSTRAINT secrets_key_checks_length CHECK (octet_length(check_value) = 32),
         CONSTRAINT secrets_key_checks_moments CHECK (
           recorded_at >= '0001-01-01T00:00:00Z' AND recorded_at < '10000-01-01T00:00:00Z')
       )`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE public.secrets_key_checks`);
  }
}
