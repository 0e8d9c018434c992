import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateValidationCounts1763856300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE validation_counts (
        minute timestamptz(0) NOT NULL,
        code text NOT NULL,
        count bigint NOT NULL,
        PRIMARY KEY (minute, code),
        CONSTRAINT validation_counts_positive CHECK (count > 0)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE validation_counts`);
  }
}
