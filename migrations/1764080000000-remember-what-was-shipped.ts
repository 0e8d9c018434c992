import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which checkpoint a sink acknowledged last: its number alone may be another's since, where the trail was cut. */
export class RememberWhatWasShipped1764080000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE audit_shipments ADD COLUMN acknowledged_hash text`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE audit_shipments DROP COLUMN acknowledged_hash`);
  }
}
