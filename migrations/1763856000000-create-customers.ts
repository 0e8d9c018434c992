import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateCustomers1763856000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE customers (
        id text PRIMARY KEY,
        name text,
        email text,
        company text,
        phone text,
        address text,
        notes text,
        is_active boolean NOT NULL DEFAULT true,
        version integer NOT NULL DEFAULT 1,
        created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        deleted_at timestamptz(3),
        CONSTRAINT customers_id_format CHECK (id ~ '^[A-Za-z0-9_-]{1,50}$'),
        CONSTRAINT customers_lengths CHECK (
          char_length(name) BETWEEN 1 AND 200 AND char_length(email) <= 254 AND char_length(company) <= 200
          AND char_length(phone) <= 50 AND char_length(address) <= 500 AND char_length(notes) <= 2000
        ),
        CONSTRAINT customers_tombstone CHECK (
          CASE WHEN deleted_at IS NULL THEN name IS NOT NULL
          ELSE NOT is_active AND num_nonnulls(name, email, company, phone, address, notes) = 0 END
        )
      )`);
    await runner.query(
      `CREATE INDEX customers_by_creation ON customers (created_at, id) WHERE deleted_at IS NULL`,
    );
    await runner.query(
      `CREATE INDEX customers_by_activity ON customers (is_active, created_at, id) WHERE deleted_at IS NULL`,
    );
    for (const column of ['id', 'name', 'email', 'company']) {
      // The database's own collation may know ASCII alone; ICU folds the case of every script.
      await runner.query(`
        CREATE INDEX customers_by_${column}_prefix ON customers ((lower(${column} COLLATE "und-x-icu")) text_pattern_ops)
        WHERE deleted_at IS NULL`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE customers`);
  }
}
