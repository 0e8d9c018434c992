import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

const NUMBERED = 'audit_seals_numbered';

/**
 * Seals belong to checkpoints, which count from 1. Rows that are there already are not checked: nobody can keep an
 * upgrade from running by what he wrote before, and `aegis audit verify` names such rows.
 */
export class CheckSeals1764110060000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await withShortLock(
      runner,
      `ALTER TABLE audit_seals DROP CONSTRAINT IF EXISTS ${NUMBERED},
       ADD CONSTRAINT ${NUMBERED} CHECK (audit_id >= 1 AND checkpoint >= 1 AND leaf_index < 4096) NOT VALID`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await withShortLock(runner, `ALTER TABLE audit_seals DROP CONSTRAINT IF EXISTS ${NUMBERED}`);
  }
}
