import { PreparedStatement } from '@aegis/database';
import type { DataSource } from 'typeorm';

/** How far a primary was at one moment. */
export interface PrimaryPosition {
  /** Position in the WAL up to which everything is durable: each acknowledged commit is before it. */
  readonly lsn: string;
  /** Of the WAL: a promotion begins another, in which positions have another meaning. */
  readonly timeline: number;
  /** Made with the cluster; standbys have that of their primary. */
  readonly systemId: string;
  /** By the clock of the primary. */
  readonly time: string;
  /** That moment is between these two, on the monotonic clock of this process. */
  readonly askedAt: number;
  readonly readAt: number;
}

// In recovery none of these functions may be called: each row is made only on a primary.
const POSITION = new PreparedStatement<Omit<PrimaryPosition, 'askedAt' | 'readAt'>>(
  'primary-position',
  `SELECT lsn::text, ('x' || left(pg_walfile_name(lsn), 8))::bit(32)::int AS timeline,
          system_identifier::text AS "systemId", clock_timestamp()::text AS time
   FROM (SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_flush_lsn() END AS lsn) AS current, pg_control_system()
   WHERE lsn IS NOT NULL`,
);

/** @returns undefined for a database that is not a primary */
export async function primaryPositionOf(primary: DataSource): Promise<PrimaryPosition | undefined> {
  const askedAt = performance.now();
  const [position] = await POSITION.run(primary, []);
  return position && { ...position, askedAt, readAt: performance.now() };
}
