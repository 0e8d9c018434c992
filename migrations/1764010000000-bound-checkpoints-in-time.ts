import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What a checkpoint's base needs to know to tell up to which time the trail is complete: when the checkpoint's
 * records were read, and the first xid that had not been given to a transaction then.
 */
export class BoundCheckpointsInTime1764010000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE audit_checkpoints ADD COLUMN read_at timestamptz(3), ADD COLUMN next_xact xid8`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE audit_checkpoints DROP COLUMN read_at, DROP COLUMN next_xact`);
  }
}
