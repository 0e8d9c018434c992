import type { FieldError } from '@aegis/errors';
import { SEAT_MODES, type SeatMode } from '@aegis/license-token';
import { completeSeats, type GivenSeats, SEAT_BOUNDS, type SeatTerms } from './seat-terms';
import { InvalidSeats } from './seats.errors';

type Rule = (value: unknown) => string | undefined;

const RULES: Readonly<Record<keyof SeatTerms, Rule>> = {
  max: wholeNumber(SEAT_BOUNDS.max),
  mode: (value) =>
    SEAT_MODES.includes(value as SeatMode) ? undefined : `must be one of ${SEAT_MODES.join(', ')}`,
  required: absentOr(yesOrNo),
  lease_seconds: nullOr(wholeNumber(SEAT_BOUNDS.lease_seconds)),
  offline_days: nullOr(wholeNumber(SEAT_BOUNDS.offline_days)),
  overage: absentOr(wholeNumber(SEAT_BOUNDS.overage)),
  moves_per_30_days: nullOr(wholeNumber(SEAT_BOUNDS.moves_per_30_days)),
  take_over: absentOr(yesOrNo),
};

/**
 * Reads seats that did not come by the API: those of a line of an import, or of an audit record.
 * @param value of any type
 * @param name of the field that holds it, for errors
 * @returns the seats, completed by what was left out
 * @throws InvalidSeats naming each field that breaks its rule
 */
export function readSeats(value: unknown, name: string): SeatTerms {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidSeats([{ field: name, message: 'must be an object' }]);
  const given = value as Readonly<Record<string, unknown>>;
  const errors: FieldError[] = [];
  if (Object.keys(given).some((field) => !Object.hasOwn(RULES, field)))
    errors.push({ field: name, message: `must have no fields except ${Object.keys(RULES).join(', ')}` });
  for (const [field, rule] of Object.entries(RULES)) {
    const message = rule(Object.hasOwn(given, field) ? given[field] : undefined);
    if (message !== undefined) errors.push({ field: `${name}.${field}`, message });
  }
  if (errors.length > 0) throw new InvalidSeats(errors);
  return completeSeats(value as GivenSeats, `${name}.`);
}

function wholeNumber([least, most]: readonly [number, number]): Rule {
  return (value) =>
    Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most
      ? undefined
      : `must be a whole number from ${least} to ${most}`;
}

function yesOrNo(value: unknown): string | undefined {
  return typeof value === 'boolean' ? undefined : 'must be true or false';
}

function absentOr(rule: Rule): Rule {
  return (value) => (value === undefined ? undefined : rule(value));
}

function nullOr(rule: Rule): Rule {
  return (value) => (value === undefined || value === null ? undefined : rule(value));
}
