import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What happened to the seats of a license on each day (UTC), counted by admissions under the lock of its seat row. */
export class CountSeatDays1764270420000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE IF NOT EXISTS public.seat_days (
         license_id uuid NOT NULL,
         day date NOT NULL,
         peak integer NOT NULL,
         admissions bigint NOT NULL,
         refusals bigint NOT NULL,
         CONSTRAINT seat_days_pkey PRIMARY KEY (license_id, day),
         CONSTRAINT seat_days_license_id_fkey FOREIGN KEY (license_id) REFERENCES public.license_seats (license_id) ON DELETE RESTRICT,
         CONSTRAINT seat_days_day CHECK (day >= '0001-01-01' AND day < '10000-01-01'),
         CONSTRAINT seat_days_counts CHECK (peak >= 0 AND admissions >= 0 AND refusals >= 0)
       ) WITH (fillfactor = 80)`,
    );
    // They are removed by their age, and added up over all licenses.
    await runner.query(`CREATE INDEX IF NOT EXISTS seat_days_by_day ON public.seat_days (day)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE IF EXISTS public.seat_days`);
  }
}
