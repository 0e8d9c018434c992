import type { LicenseType } from '@aegis/license-token';
import { InvalidTerm } from './licensing.errors';

const DAY_MS = 86_400_000;

/**
 * When a license that begins now ends: `days` later, on a whole second, as its token counts in seconds.
 * @param days as the caller asked; demo licenses have a default
 * @returns null for a perpetual license
 * @throws InvalidTerm for a subscription without days, or a perpetual license with days
 */
export function endOfTerm(
  type: LicenseType,
  days: number | undefined,
  defaultDemoDays: number,
  now: Date,
): Date | null {
  switch (type) {
    case 'perpetual':
      if (days !== undefined)
        throw new InvalidTerm('duration_days', 'must be absent: a perpetual license has no end');
      return null;
    case 'subscription':
      if (days === undefined) throw new InvalidTerm('duration_days', 'is required for a subscription');
      return daysAfter(now, days);
    case 'demo':
      return daysAfter(now, days ?? defaultDemoDays);
  }
}

/** @returns the whole second at or before `days` days after `moment` */
export function daysAfter(moment: Date, days: number): Date {
  return new Date(Math.floor((moment.getTime() + days * DAY_MS) / 1000) * 1000);
}
