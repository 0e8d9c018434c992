import { InvalidSeats, readSeats, type SeatTerms } from '@aegis/activations';
import type { SeatsClaim } from '@aegis/license-token';
import { LineRefused } from './license-import-refusal';

/**
 * The seats of a line. The token says that they are counted and how they are held, the line how many there are.
 * @param given the line's `seats`, of any type; undefined and null: none
 * @param claim of the token; undefined: it counts none
 * @returns null where the line has none
 * @throws LineRefused where a rule is broken, or line and token contradict each other
 */
export function seatsOfLine(given: unknown, claim: SeatsClaim | undefined): SeatTerms | null {
  if (given === undefined || given === null) return null;
  if (claim === undefined)
    throw new LineRefused('invalid_field', 'seats must be absent: the token does not count them.');
  const seats = soundSeats(isObject(given) ? { ...claim, ...given } : given);
  if (seats.mode !== claim.mode || seats.required !== claim.required)
    throw new LineRefused('invalid_field', 'seats.mode and seats.required must be those of the token.');
  return seats;
}

/** Why a license whose token counts seats cannot be imported without them. */
export function seatsMissing(): LineRefused {
  return new LineRefused(
    'invalid_field',
    'seats is missing: the token counts them, and does not say how many there are.',
  );
}

function soundSeats(given: unknown): SeatTerms {
  try {
    return readSeats(given, 'seats');
  } catch (error) {
    if (!(error instanceof InvalidSeats)) throw error;
    throw new LineRefused(
      'invalid_field',
      `${error.errors.map(({ field, message }) => `${field} ${message}`).join('; ')}.`,
    );
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
