import { isMoment } from '@aegis/field-rules';
import type { LicenseType } from '@aegis/license-token';
import { InvalidTerm } from '../licensing.errors';

const DAY_MS = 86_400_000;

/**
 * When a license that begins now ends: `days` later, on a whole second, as its token counts in seconds.
 * @param days as the caller asked; demo licenses have a default
 * @returns null for a perpetual license
 * @throws InvalidTerm for a subscription without days, a perpetual license with days, or an end after the year 9999
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

/**
 * The days of grace of a license.
 * @param expiresAt its end; null for a perpetual one
 * @param days 0–365 as the caller asked, or as it has them already; none unless given
 * @throws InvalidTerm for a perpetual license with grace
 */
export function graceOfTerm(expiresAt: Date | null, days = 0): number {
  if (expiresAt === null && days > 0)
    throw new InvalidTerm('grace_days', 'must be 0 or absent: a perpetual license has no end');
  return days;
}

/**
 * When a license has expired: at its end, or `graceDays` days of 86,400 seconds later.
 * @returns milliseconds since 1970, also after the year 9999
 */
export function endOfGrace(expiresAt: Date, graceDays: number): number {
  return expiresAt.getTime() + graceDays * DAY_MS;
}

/**
 * @returns the whole second at or before `days` days after `moment`
 * @throws InvalidTerm naming `duration_days` when that is after the year 9999, which no answer and no token can say
 */
export function daysAfter(moment: Date, days: number): Date {
  const end = new Date(Math.floor((moment.getTime() + days * DAY_MS) / 1000) * 1000);
  if (!isMoment(end))
    throw new InvalidTerm(
      'duration_days',
      'must not end after 9999-12-31T23:59:59Z, the latest end of a license',
    );
  return end;
}
