import { lockByIdSql, PreparedStatement } from '@aegis/database';
import type { EntityManager } from 'typeorm';
import type { SeatAccount } from './decide-seat';

/** The seats of a license, as they are under the lock of its seat row. */
export interface CountedSeats {
  /** False once the license no longer counts them. */
  readonly counted: boolean;
  readonly account: SeatAccount;
  /** Of a fixed license: days for which a token is valid offline. */
  readonly offlineDays: number | null;
  /** When a refusal was last put on record; null: never. */
  readonly refusalRecordedAt: Date | null;
}

/** What the database answers after the locks were taken. */
export interface SeatsNow {
  readonly now: Date;
  /** By license; those whose seats were never counted are absent. */
  readonly seats: ReadonlyMap<string, CountedSeats>;
}

interface Row {
  now: Date;
  license_id: string | null;
  counted: boolean;
  mode: 'fixed' | 'floating';
  max: number;
  overage: number;
  moves_per_30_days: number | null;
  take_over: boolean;
  lease_seconds: number | null;
  offline_days: number | null;
  open: number;
  no_lapse_before: Date | null;
  newcomers: number;
  newcomers_fewer_at: Date | null;
  last_fence: string;
  refusal_recorded_at: Date | null;
}

const SEATS = {
  columns: 'license_id',
  table: 'license_seats',
  key: 'license_id',
  strength: 'UPDATE',
} as const;

const LOCK = new PreparedStatement<{ license_id: string }>('seats-lock', lockByIdSql(SEATS));

const LOCK_FREE = new PreparedStatement<{ license_id: string }>(
  'seats-lock-free',
  lockByIdSql({ ...SEATS, skipLocked: true }),
);

const READ = new PreparedStatement<Row>(
  'seats-read',
  `SELECT date_trunc('milliseconds', clock.now) AS now, seats.license_id, counted, mode, max, overage, moves_per_30_days,
          take_over, lease_seconds, offline_days, open, no_lapse_before, newcomers, newcomers_fewer_at, last_fence,
          refusal_recorded_at
   FROM (SELECT clock_timestamp() AS now) AS clock
   LEFT JOIN license_seats AS seats ON seats.license_id = ANY($1::uuid[])`,
);

/**
 * Locks the seat rows of licenses until the transaction ends, in the order of their ids. What is counted is read by later
 * statements: this one sees the rows of others as they were before it waited.
 */
export async function lockSeats(tx: EntityManager, licenseIds: readonly string[]): Promise<void> {
  await LOCK.run(tx, [licenseIds]);
}

/**
 * Locks the seat rows that no other transaction has locked, until the transaction ends.
 * @returns the ids of their licenses
 */
export async function lockFreeSeats(
  tx: EntityManager,
  licenseIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await LOCK_FREE.run(tx, [licenseIds]);
  return new Set(rows.map(({ license_id }) => license_id));
}

/** Reads the clock and the seat rows. Only what is locked stays as it was read. */
export async function readCountedSeats(tx: EntityManager, licenseIds: readonly string[]): Promise<SeatsNow> {
  const rows = await READ.run(tx, [licenseIds]);
  const [first] = rows;
  if (!first) throw new Error('the database must say what time it is');
  return {
    now: first.now,
    seats: new Map(
      rows.flatMap((row) => (row.license_id === null ? [] : [[row.license_id, countedSeats(row)] as const])),
    ),
  };
}

function countedSeats(row: Row): CountedSeats {
  return {
    counted: row.counted,
    account: {
      mode: row.mode,
      max: row.max,
      overage: row.overage,
      movesPer30Days: row.moves_per_30_days,
      takeOver: row.take_over,
      leaseSeconds: row.lease_seconds,
      open: row.open,
      noLapseBefore: row.no_lapse_before,
      newcomers: row.newcomers,
      newcomersFewerAt: row.newcomers_fewer_at,
      lastFence: Number(row.last_fence),
    },
    offlineDays: row.offline_days,
    refusalRecordedAt: row.refusal_recorded_at,
  };
}
