import type { MigrationInterface, QueryRunner } from 'typeorm';

const COUNTS = [
  'licenses_imported',
  'licenses_revoked',
  'licenses_completed',
  'customers_created',
  'audit_records_imported',
] as const;

/**
 * What imports have changed that no record says yet: each of their transactions adds what it changes, and the record of
 * the end takes it away. So an import that was killed is told of by the next one.
 */
export class CountImports1764290060000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE IF NOT EXISTS public.import_counts (
         source text PRIMARY KEY,
         ${COUNTS.map((name) => `${name} bigint NOT NULL DEFAULT 0`).join(', ')},
         CONSTRAINT import_counts_source CHECK (source IN ('licenses', 'v0.8')),
         CONSTRAINT import_counts_counts CHECK (${COUNTS.map((name) => `${name} BETWEEN 0 AND 9007199254740991`).join(' AND ')})
       )`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE IF EXISTS public.import_counts`);
  }
}
