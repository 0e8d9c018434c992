import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Checks the rows that were there before: it reads the table, and neither readers nor writers wait for it. */
export class CheckEntitlements1764260060000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE public.licenses VALIDATE CONSTRAINT licenses_entitlements`);
  }

  async down(): Promise<void> {
    // The constraint is dropped together with its column.
  }
}
