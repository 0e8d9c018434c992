import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How far a sink outside has acknowledged the checkpoints, and which process ships to it right now. */
export class CreateAuditShipments1764010060000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE audit_shipments (
        sink text PRIMARY KEY,
        acknowledged bigint NOT NULL DEFAULT 0,
        leased_by uuid,
        leased_until timestamptz(3)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE audit_shipments`);
  }
}
