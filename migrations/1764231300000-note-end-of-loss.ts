import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

/**
 * With which checkpoint the trail ended when a restore was reconciled: what was shipped after it and is missing was given
 * up then. Its time does not say so, since a clock can be set back.
 */
export class NoteEndOfLoss1764231300000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await withShortLock(
      runner,
      `ALTER TABLE public.restores ADD COLUMN IF NOT EXISTS reconciled_to bigint CHECK (reconciled_to >= 0)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await withShortLock(runner, `ALTER TABLE public.restores DROP COLUMN IF EXISTS reconciled_to`);
  }
}
