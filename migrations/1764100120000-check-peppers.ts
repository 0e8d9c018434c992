import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What each version of API_KEY_PEPPERS makes of a constant: a process that was given another secret under the same
 * version finds out at its start, not by refusing every key.
 */
export class CheckPeppers1764100120000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE pepper_checks (
        version text PRIMARY KEY,
        check_value bytea NOT NULL,
        recorded_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT pepper_checks_length CHECK (octet_length(check_value) = 32)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE pepper_checks`);
  }
}
