import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Superseded tokens of a status list, found without reading all of its tokens. */
export class IndexSupersededTokens1764030060000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // What broke off leaves an index that is not valid.
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS license_tokens_superseded`);
    await runner.query(`
      CREATE INDEX CONCURRENTLY license_tokens_superseded ON license_tokens (status_list, status_index)
      WHERE superseded_at IS NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX IF EXISTS license_tokens_superseded`);
  }
}
