import { PreparedStatement } from '@aegis/database';
import type { EntityManager } from 'typeorm';
import { activationColumns, type ActivationRow } from '../activation-rows';
import type { ActivationEnd } from '../activation.entity';

/** Who ends an activation, and why. */
export interface SeatEnd {
  readonly id: string;
  readonly by: Extract<ActivationEnd, 'released' | 'ended' | 'taken_over'>;
  /** 1–500 characters; null: none is given. */
  readonly reason: string | null;
}

/** One whose lease is over was ended by that, at its true end. What an offline file holds, only the vendor ends. */
const END = new PreparedStatement<ActivationRow>(
  'activations-end',
  `UPDATE activations AS a
   SET ended_at = CASE WHEN a.lease_ends_at <= $5 THEN a.lease_ends_at ELSE greatest($5::timestamptz, a.admitted_at) END,
       ended_by = CASE WHEN a.lease_ends_at <= $5 THEN 'lease' ELSE $3 END,
       ended_reason = CASE WHEN a.lease_ends_at <= $5 THEN NULL ELSE $4 END
   WHERE a.id = $1 AND a.license_id = $2 AND a.ended_at IS NULL
     AND ($3 = 'ended' OR a.offline_until IS NULL OR a.offline_until <= $5)
   RETURNING ${activationColumns('a')}`,
);

const READ = new PreparedStatement<ActivationRow>(
  'activations-read',
  `SELECT ${activationColumns('a')} FROM activations AS a WHERE a.id = $1 AND a.license_id = $2`,
);

const READ_MANY = new PreparedStatement<ActivationRow>(
  'activations-read-many',
  `SELECT ${activationColumns('a')} FROM activations AS a WHERE a.id = ANY($1)`,
);

/**
 * Ends an activation that has no end on record.
 * @param tx has the lock of the license's seat row, and takes the seat off its count
 * @param now read after that lock was taken
 * @returns null where it had ended before, is not one of the license, or an offline file holds it
 */
export async function endSeat(
  tx: EntityManager,
  licenseId: string,
  { id, by, reason }: SeatEnd,
  now: Date,
): Promise<ActivationRow | null> {
  const [row] = await END.run(tx, [id, licenseId, by, reason, now]);
  return row ?? null;
}

/** @returns null where the license has no such activation */
export async function readSeat(
  tx: EntityManager,
  licenseId: string,
  id: string,
): Promise<ActivationRow | null> {
  const [row] = await READ.run(tx, [id, licenseId]);
  return row ?? null;
}

/** @returns those that exist, in any order */
export function readSeatsById(tx: EntityManager, ids: readonly string[]): Promise<ActivationRow[]> {
  return READ_MANY.run(tx, [ids]);
}
