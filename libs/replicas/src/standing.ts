import type { QueryRunner } from 'typeorm';
import type { PrimaryPosition } from './primary-position';

/** How a database compares with the position of a primary; the log says why it is not read. */
export const STANDINGS = {
  up_to_date: 'it has replayed what the primary has committed',
  behind: 'it has not replayed within DATABASE_REPLICA_MAX_LAG_MS what the primary has committed',
  unreachable: 'it cannot be reached, or does not answer in time',
  not_standby: 'it is not a standby: it was promoted, or DATABASE_REPLICA_URLS names a primary',
  other_system: 'it is not a standby of DATABASE_URL: its system identifier differs',
  other_timeline:
    'it is on another timeline than the primary: it does not follow it, or has not noted yet that it does',
  other_history:
    'it has replayed what the primary never had: it is of another history, as after a restore of the primary',
  other_clock: 'its clock differs from that of the primary by more than DATABASE_REPLICA_MAX_LAG_MS',
} as const;

export type Standing = keyof typeof STANDINGS;

const COMPARE = `
  SELECT CASE
    WHEN NOT pg_is_in_recovery() THEN 'not_standby'
    WHEN system_identifier::text <> $1 THEN 'other_system'
    WHEN min_recovery_end_timeline <> $2 THEN 'other_timeline'
    WHEN pg_last_wal_replay_lsn() >= $3::pg_lsn THEN 'up_to_date'
    ELSE 'behind'
  END AS standing, pg_last_wal_replay_lsn()::text AS replayed, extract(epoch FROM clock_timestamp() - $4::timestamptz)::float8 * 1000 AS "apartMs"
  FROM pg_control_system(), pg_control_recovery()`;

/** What a database says of itself. */
export interface Found {
  readonly standing: Standing;
  /** Position up to which it has replayed the WAL; null where it replays none. */
  readonly replayed: string | null;
}

/**
 * Compares a database with a position of its primary. What is read there after `up_to_date` has all that was committed
 * before the position was read.
 * @param runner the connection that is read from afterwards: behind one address there may be several databases
 * @param mostSkewMs so much the clocks may differ
 */
export async function standingOf(
  runner: QueryRunner,
  position: PrimaryPosition,
  mostSkewMs: number,
): Promise<Found> {
  const { systemId, timeline, lsn, time, askedAt, readAt } = position;
  const sentAt = performance.now();
  const [found] = await runner.manager.query<(Found & { apartMs: number })[]>(COMPARE, [
    systemId,
    timeline,
    lsn,
    time,
  ]);
  if (found === undefined) return { standing: 'unreachable', replayed: null };
  const { standing, replayed, apartMs } = found;
  if (standing !== 'up_to_date') return { standing, replayed };
  // What the questions took is no difference between the clocks.
  const isAhead = apartMs - (performance.now() - askedAt) > mostSkewMs;
  const isBehind = apartMs - (sentAt - readAt) < -mostSkewMs;
  return { standing: isAhead || isBehind ? 'other_clock' : standing, replayed };
}
