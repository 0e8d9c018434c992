import type { LicenseClaims } from '../claims/claims';
import type { HeldSeat, VerdictCode } from '../verdict';

/** An activation of the license that is judged and of the installation that asks: both are proven or on record. */
export interface KnownActivation {
  id: string;
  /** Its end is on record, or a status list has it. That its lease has ended is judged here. */
  ended: boolean;
  /** First moment at which its lease has ended, or its token is no longer valid; null: it has no such end. */
  lease_ends_at: Date | null;
  /** Admitted beyond the number of seats. */
  over: boolean;
}

/**
 * What is known of the activation that the asking installation names. Null: it names none, or one that is not on record, is
 * another license's or was made with another fingerprint, all alike, so that ids can't be tried. `refused`: the activation
 * token that an installation shows offline is not one to go by.
 */
export type SeatEvidence = KnownActivation | { refused: 'ACTIVATION_INVALID' | 'ACTIVATION_MISMATCH' } | null;

/** The seat of an activation that is live; null otherwise. A lease that ends now has ended. */
export function liveSeat(seat: SeatEvidence, now: Date): HeldSeat | null {
  if (seat === null || 'refused' in seat || seat.ended) return null;
  const { id, lease_ends_at, over } = seat;
  return lease_ends_at === null || now < lease_ends_at ? { id, lease_ends_at, over } : null;
}

/**
 * Why a license is not valid for an installation without a seat.
 * @param claims of the presented token: it says whether a seat is asked for, not the record
 * @param live of the same evidence, by `liveSeat`
 * @returns null where the token asks for none, and where it is live
 */
export function refusedBySeat(
  { seats }: LicenseClaims,
  seat: SeatEvidence,
  live: HeldSeat | null,
): VerdictCode | null {
  if (seats?.required !== true || live !== null) return null;
  if (seat === null) return 'ACTIVATION_REQUIRED';
  return 'refused' in seat ? seat.refused : 'ACTIVATION_ENDED';
}
