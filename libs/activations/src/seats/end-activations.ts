import { lockByIdSql } from '@aegis/database';
import type { EntityManager } from 'typeorm';
import type { ActivationEnd } from '../activation.entity';

/** Why all activations of licenses end. */
export interface EndOfAll {
  by: Extract<ActivationEnd, 'ended' | 'customer_removed'>;
  /** 1–500 characters. */
  reason: string | null;
}

/** How many activations ended. */
export interface EndedActivations {
  count: number;
  /** Those whose lease had ended before, with that end. */
  lapsed: number;
}

/** Each statement stays below the limit of the pool, however many there are. */
const AT_ONCE = 5_000;

const END = `
  WITH clock AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS now)
  UPDATE activations SET ended_at = least(lease_ends_at, greatest(clock.now, admitted_at)),
                         ended_by = CASE WHEN lease_ends_at <= clock.now THEN 'lease' ELSE $2 END,
                         ended_reason = CASE WHEN lease_ends_at <= clock.now THEN NULL ELSE $3 END
  FROM clock WHERE id = ANY($1) AND ended_at IS NULL
  RETURNING ended_by`;

/**
 * Ends every activation of licenses. No one is admitted meanwhile: their seats are locked first.
 * @param tx in which the licenses are locked
 */
export async function endActivations(
  tx: EntityManager,
  licenseIds: readonly string[],
  { by, reason }: EndOfAll,
): Promise<EndedActivations> {
  const seats = await lockSeats(tx, licenseIds);
  const ended: EndedActivations = { count: 0, lapsed: 0 };
  if (seats.length === 0) return ended;
  const open = await tx.query<{ id: string }[]>(
    'SELECT id FROM activations WHERE license_id = ANY($1) AND ended_at IS NULL ORDER BY id',
    [seats],
  );
  for (const ids of inPieces(open)) {
    const [rows] = await tx.query<[{ ended_by: ActivationEnd }[], number]>(END, [ids, by, reason]);
    const lapsed = rows.filter(({ ended_by }) => ended_by === 'lease').length;
    ended.lapsed += lapsed;
    ended.count += rows.length - lapsed;
  }
  await tx.query('UPDATE license_seats SET open = 0, no_lapse_before = NULL WHERE license_id = ANY($1)', [
    seats,
  ]);
  return ended;
}

/** Removes the names of all activations of licenses, also of those that have ended. */
export async function forgetNames(tx: EntityManager, licenseIds: readonly string[]): Promise<void> {
  const named = await tx.query<{ id: string }[]>(
    'SELECT id FROM activations WHERE license_id = ANY($1) AND name IS NOT NULL ORDER BY id',
    [licenseIds],
  );
  for (const ids of inPieces(named))
    await tx.query('UPDATE activations SET name = NULL WHERE id = ANY($1)', [ids]);
}

/** @returns the licenses that have a row of seats, locked in the order of ids */
async function lockSeats(tx: EntityManager, licenseIds: readonly string[]): Promise<string[]> {
  const rows = await tx.query<{ license_id: string }[]>(
    lockByIdSql({ columns: 'license_id', table: 'license_seats', key: 'license_id', strength: 'UPDATE' }),
    [licenseIds],
  );
  return rows.map(({ license_id }) => license_id);
}

function* inPieces(rows: readonly { id: string }[]): Generator<string[]> {
  for (let start = 0; start < rows.length; start += AT_ONCE)
    yield rows.slice(start, start + AT_ONCE).map(({ id }) => id);
}
