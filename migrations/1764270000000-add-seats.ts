import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

const EARLIEST = '0001-01-01T00:00:00Z';
const LATEST = '10000-01-01T00:00:00Z';

function moments(...columns: readonly string[]): string {
  return columns.map((column) => `${column} >= '${EARLIEST}' AND ${column} < '${LATEST}'`).join(' AND ');
}

/**
 * Seats of licenses, and the installations that hold them. A license without seats has no row in either. Activations
 * refer to the row of the seats, which is locked to add one, and not to the license: a foreign key locks what it
 * refers to, and a change of a license locks its seats after it. A heartbeat changes no column that an index has, so
 * that its row stays in its page.
 */
export class AddSeats1764270000000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await withShortLock(
      runner,
      `CREATE TABLE IF NOT EXISTS public.license_seats (
         license_id uuid PRIMARY KEY,
         counted boolean NOT NULL DEFAULT true,
         mode text NOT NULL,
         required boolean NOT NULL,
         max integer NOT NULL,
         lease_seconds integer,
         offline_days integer,
         overage integer NOT NULL,
         moves_per_30_days integer,
         take_over boolean NOT NULL,
         open integer NOT NULL DEFAULT 0,
         no_lapse_before timestamptz(3),
         newcomers integer NOT NULL DEFAULT 0,
         newcomers_fewer_at timestamptz(3),
         last_fence bigint NOT NULL DEFAULT 0,
         refusal_recorded_at timestamptz(3),
         CONSTRAINT license_seats_license_id_fkey FOREIGN KEY (license_id) REFERENCES public.licenses (id) ON DELETE RESTRICT,
         CONSTRAINT license_seats_mode CHECK (mode IN ('fixed', 'floating')),
         CONSTRAINT license_seats_terms CHECK (
           CASE mode WHEN 'floating' THEN lease_seconds IS NOT NULL AND offline_days IS NULL
                     ELSE offline_days IS NOT NULL AND lease_seconds IS NULL END),
         CONSTRAINT license_seats_numbers CHECK (
           max BETWEEN 1 AND 100000 AND lease_seconds BETWEEN 60 AND 2592000 AND offline_days BETWEEN 1 AND 3650
           AND overage BETWEEN 0 AND 100000 AND moves_per_30_days BETWEEN 0 AND 100000),
         CONSTRAINT license_seats_take_over CHECK (NOT take_over OR moves_per_30_days IS NOT NULL),
         CONSTRAINT license_seats_counts CHECK (open >= 0 AND newcomers >= 0 AND last_fence BETWEEN 0 AND 9007199254740991),
         CONSTRAINT license_seats_moments CHECK (${moments('no_lapse_before', 'newcomers_fewer_at', 'refusal_recorded_at')})
       ) WITH (fillfactor = 80)`,
    );
    await runner.query(
      `CREATE TABLE IF NOT EXISTS public.activations (
         id uuid PRIMARY KEY,
         license_id uuid NOT NULL,
         fp bytea NOT NULL,
         name text,
         mode text NOT NULL,
         over boolean NOT NULL,
         fence bigint NOT NULL,
         admitted_at timestamptz(3) NOT NULL,
         last_seen_at timestamptz(3) NOT NULL,
         lease_ends_at timestamptz(3),
         token_expires_at timestamptz(3),
         offline_until timestamptz(3),
         ended_at timestamptz(3),
         ended_by text,
         ended_reason text,
         status_list integer,
         status_index integer,
         CONSTRAINT activations_license_id_fkey FOREIGN KEY (license_id) REFERENCES public.license_seats (license_id) ON DELETE RESTRICT,
         CONSTRAINT activations_fp_length CHECK (octet_length(fp) = 32),
         CONSTRAINT activations_mode CHECK (mode IN ('fixed', 'floating')),
         CONSTRAINT activations_lease CHECK (
           CASE WHEN lease_ends_at IS NULL THEN mode = 'fixed' ELSE mode = 'floating' OR offline_until IS NOT NULL END),
         CONSTRAINT activations_fence CHECK (fence BETWEEN 1 AND 9007199254740991),
         CONSTRAINT activations_end CHECK (
           (ended_at IS NULL) = (ended_by IS NULL) AND (ended_at IS NOT NULL OR ended_reason IS NULL)),
         CONSTRAINT activations_ended_by CHECK (ended_by IN ('lease', 'released', 'ended', 'taken_over', 'customer_removed')),
         CONSTRAINT activations_lengths CHECK (char_length(name) BETWEEN 1 AND 200 AND char_length(ended_reason) BETWEEN 1 AND 500),
         CONSTRAINT activations_status CHECK (
           (status_list IS NULL) = (status_index IS NULL) AND status_list >= 0 AND status_index BETWEEN 0 AND 131071),
         CONSTRAINT activations_moments CHECK (
           ${moments('admitted_at', 'last_seen_at', 'lease_ends_at', 'token_expires_at', 'offline_until', 'ended_at')}),
         CONSTRAINT activations_status_unique UNIQUE (status_list, status_index)
       ) WITH (fillfactor = 80)`,
    );
    await runner.query(
      `CREATE UNIQUE INDEX IF NOT EXISTS activations_open ON public.activations (license_id, fp) WHERE ended_at IS NULL`,
    );
    await runner.query(
      `CREATE INDEX IF NOT EXISTS activations_by_fingerprint ON public.activations (license_id, fp, admitted_at)`,
    );
    await runner.query(
      `CREATE INDEX IF NOT EXISTS activations_by_admission ON public.activations (license_id, admitted_at, id)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE IF EXISTS public.activations`);
    await withShortLock(runner, `DROP TABLE IF EXISTS public.license_seats`);
  }
}
