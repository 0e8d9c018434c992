import type { MigrationInterface, QueryRunner } from 'typeorm';

/** RFC 3339 has no form for times outside of these. */
const FIRST = '0001-01-01T00:00:00Z';
const AFTER_LAST = '10000-01-01T00:00:00Z';

/**
 * What servers counted, by the hour: verdicts, changes of licenses, admissions, and the most seats in use. Statistics only:
 * nothing else follows from it.
 */
export class CountActivity1764330000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE public.activity_counts (
        hour timestamptz(0) NOT NULL,
        counter text NOT NULL,
        count bigint NOT NULL,
        PRIMARY KEY (hour, counter),
        CONSTRAINT activity_counts_counter CHECK (counter ~ '^[a-z]+[.][A-Za-z_]+$' AND octet_length(counter) <= 128),
        CONSTRAINT activity_counts_count CHECK (count BETWEEN 0 AND 9007199254740991),
        CONSTRAINT activity_counts_moments CHECK (hour >= '${FIRST}' AND hour < '${AFTER_LAST}')
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE public.activity_counts');
  }
}
