import { PreparedStatement } from '@aegis/database';
import type { DataSource, EntityManager } from 'typeorm';
import type { SeatTerms } from './seat-terms';

/** Seats of a license, and who is in them, at one moment of the database's clock. */
export interface SeatsInUse extends SeatTerms {
  /** Installations that hold a seat. */
  in_use: number;
  /** Those among them that were admitted beyond `max`. */
  over: number;
  /** When a lease ends that makes room for one more, if all others are renewed; null where no lease ends. */
  next_free_at: Date | null;
}

const READ = new PreparedStatement<SeatsInUse>(
  'seats-in-use',
  `WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now),
        live AS MATERIALIZED (
          SELECT activation.over, activation.lease_ends_at FROM clock, activations AS activation
          WHERE activation.license_id = $1 AND activation.ended_at IS NULL
            AND (activation.lease_ends_at IS NULL OR activation.lease_ends_at > clock.now)),
        counted AS MATERIALIZED (
          SELECT count(*)::integer AS in_use, count(*) FILTER (WHERE over)::integer AS over FROM live)
   SELECT seats.max, seats.mode, seats.required, seats.lease_seconds, seats.offline_days, seats.overage,
          seats.moves_per_30_days, seats.take_over, counted.in_use, counted.over,
          (SELECT lease_ends_at FROM live WHERE lease_ends_at IS NOT NULL ORDER BY lease_ends_at
           OFFSET greatest(0, counted.in_use - seats.max - seats.overage) LIMIT 1) AS next_free_at
   FROM counted, license_seats AS seats WHERE seats.license_id = $1 AND seats.counted`,
);

/**
 * Reads the seats of a license and counts who is in them: all of its activations that have not ended are read.
 * @param on a transaction that has locked the license, or the data source
 * @returns undefined where seats are not counted
 */
export async function readSeatsInUse(
  on: DataSource | EntityManager,
  licenseId: string,
): Promise<SeatsInUse | undefined> {
  const [row] = await READ.run(on, [licenseId]);
  return row;
}
