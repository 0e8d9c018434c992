import type { FieldError } from '@aegis/errors';
import type { SeatMode } from '@aegis/license-token';
import { InvalidSeats } from './seats.errors';

/** How many installations may use a license at a time, and how each holds its seat. */
export interface SeatTerms {
  /** Most installations at a time. */
  max: number;
  /** `fixed`: held until it is released, ended or taken over. `floating`: held until its lease ends. */
  mode: SeatMode;
  /** Whether a validation asks for a seat; otherwise seats are only counted. */
  required: boolean;
  /** Length of a lease; null where the mode is `fixed`. */
  lease_seconds: number | null;
  /** Days for which the token of a seat is valid offline; null where the mode is `floating`. */
  offline_days: number | null;
  /** How many more than `max` are admitted, and marked. */
  overage: number;
  /** Different fingerprints beyond `max` and `overage` that are admitted in any 30 days; null: any number. */
  moves_per_30_days: number | null;
  /** Whether a new installation may take the seat of another one. */
  take_over: boolean;
}

/** The numbers of seats as a caller gives them. What is absent gets its default at first, and stays later. */
export interface GivenSeatNumbers {
  max: number;
  /** Null is as absent. */
  lease_seconds?: number | null;
  /** Null is as absent. */
  offline_days?: number | null;
  overage?: number;
  /** Null: any number. */
  moves_per_30_days?: number | null;
  take_over?: boolean;
}

/** Seats as a caller gives them. */
export interface GivenSeats extends GivenSeatNumbers {
  mode: SeatMode;
  required?: boolean;
}

/** In the order in which answers have them. */
export const SEAT_FIELDS = [
  'max',
  'mode',
  'required',
  'lease_seconds',
  'offline_days',
  'overage',
  'moves_per_30_days',
  'take_over',
] as const satisfies readonly (keyof SeatTerms)[];

/** Least and most of each number. */
export const SEAT_BOUNDS = {
  max: [1, 100_000],
  lease_seconds: [60, 2_592_000],
  offline_days: [1, 3_650],
  overage: [0, 100_000],
  moves_per_30_days: [0, 100_000],
} as const satisfies Partial<Record<keyof SeatTerms, readonly [least: number, most: number]>>;

export const DEFAULT_LEASE_SECONDS = 600;
export const DEFAULT_OFFLINE_DAYS = 30;
/** Also the owner of a single machine replaces it now and then. */
const FEWEST_MOVES_BY_DEFAULT = 3;

/**
 * Completes seats by what the caller left out.
 * @param given with each number within its bounds
 * @param path in front of the names of fields in errors, such as `seats.`
 * @throws InvalidSeats for a field of the other mode, and for `take_over` without `moves_per_30_days`
 */
export function completeSeats(given: GivenSeats, path = ''): SeatTerms {
  const { max, mode, required = true, lease_seconds, offline_days, overage = 0, take_over = false } = given;
  const isFixed = mode === 'fixed';
  const { moves_per_30_days = isFixed ? Math.max(max, FEWEST_MOVES_BY_DEFAULT) : null } = given;
  const errors: FieldError[] = [];
  const refuse = (field: keyof SeatTerms, message: string): void => {
    errors.push({ field: path + field, message });
  };
  if (isFixed && isGiven(lease_seconds))
    refuse('lease_seconds', 'must be absent where the mode is fixed: such a seat has no lease');
  if (!isFixed && isGiven(offline_days))
    refuse(
      'offline_days',
      'must be absent where the mode is floating: a token is valid as long as its lease',
    );
  if (take_over && moves_per_30_days === null)
    refuse('take_over', 'must be false unless moves_per_30_days is a number');
  if (errors.length > 0) throw new InvalidSeats(errors);
  return {
    max,
    mode,
    required,
    lease_seconds: isFixed ? null : (lease_seconds ?? DEFAULT_LEASE_SECONDS),
    offline_days: isFixed ? (offline_days ?? DEFAULT_OFFLINE_DAYS) : null,
    overage,
    moves_per_30_days,
    take_over,
  };
}

/**
 * Seats with other numbers: what is absent stays.
 * @param given each number within its bounds
 * @throws InvalidSeats for a field of the other mode, and for `take_over` without `moves_per_30_days`
 */
export function seatsWith(before: SeatTerms, given: GivenSeatNumbers): SeatTerms {
  const {
    max,
    lease_seconds,
    offline_days,
    overage = before.overage,
    moves_per_30_days = before.moves_per_30_days,
    take_over = before.take_over,
  } = given;
  return completeSeats({
    ...before,
    max,
    lease_seconds: lease_seconds ?? before.lease_seconds,
    offline_days: offline_days ?? before.offline_days,
    overage,
    moves_per_30_days,
    take_over,
  });
}

/** Only the seats of a row that has more. */
export function termsOf({
  max,
  mode,
  required,
  lease_seconds,
  offline_days,
  overage,
  moves_per_30_days,
  take_over,
}: SeatTerms): SeatTerms {
  return { max, mode, required, lease_seconds, offline_days, overage, moves_per_30_days, take_over };
}

function isGiven(value: number | null | undefined): boolean {
  return value !== undefined && value !== null;
}
