import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

/**
 * Whether a restore was reconciled without a part of what was shipped. Only then is a checkpoint of before missing for a
 * known reason. Of those that were reconciled before this column existed it is not known: they count as before.
 */
export class NoteAcceptedLoss1764231200000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await withShortLock(
      runner,
      `ALTER TABLE public.restores ADD COLUMN IF NOT EXISTS loss_accepted boolean NOT NULL DEFAULT true;
       ALTER TABLE public.restores ALTER COLUMN loss_accepted SET DEFAULT false`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await withShortLock(runner, `ALTER TABLE public.restores DROP COLUMN IF EXISTS loss_accepted`);
  }
}
