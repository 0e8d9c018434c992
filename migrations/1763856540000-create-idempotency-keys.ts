import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateIdempotencyKeys1763856540000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // customer_id has no foreign key: the row is to be gone before or with the customer's data, never to hold it up.
    await runner.query(`
      CREATE TABLE idempotency_keys (
        key_hash bytea PRIMARY KEY,
        request_hash bytea NOT NULL,
        pepper_version text NOT NULL,
        answer bytea NOT NULL,
        customer_id text,
        created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT idempotency_keys_hash_lengths CHECK (
          octet_length(key_hash) = 32 AND octet_length(request_hash) = 32
        )
      )`);
    await runner.query(`CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at)`);
    await runner.query(
      `CREATE INDEX idempotency_keys_by_customer ON idempotency_keys (customer_id) WHERE customer_id IS NOT NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE idempotency_keys`);
  }
}
