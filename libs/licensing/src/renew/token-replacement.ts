import { completeSeats, type GivenSeats, type SeatTerms } from '@aegis/activations';
import { type Entitlements, inStoredOrder, takesAway } from '@aegis/license-token';
import { isDeepStrictEqual } from 'node:util';
import { daysAfter, endOfGrace, graceOfTerm } from '../issue/license-term';
import type { License } from '../license.entity';
import { InvalidTerm, LicenseStateConflict } from '../licensing.errors';

/** How long to extend a license: by `duration_days` or to `expires_at`. */
export interface RenewLicense {
  /** Counted from its present end, unless it has expired: then from now. In grace it has not expired. */
  duration_days?: number;
  expires_at?: Date;
  /** As before unless given. */
  grace_days?: number;
}

/** What a new token of a license is to say otherwise; what is absent stays. */
export interface ReissueLicense {
  /** Null unbinds. */
  instance_fingerprint?: string | null;
  allowed_major_versions?: string[];
  /** 0–365; 0 for a perpetual license. */
  grace_days?: number;
  /** All of them, in place of the former ones. */
  entitlements?: Entitlements;
  /** All of them, in place of the former ones; null: no longer counted, which ends all activations. */
  seats?: GivenSeats | null;
  /**
   * Withdraws the older tokens: they answer SUPERSEDED. In any case where the new token takes entitlements or grace away,
   * or seats change.
   */
  supersede?: boolean;
}

/** What the next token of a license says. */
export interface TokenReplacement {
  event: 'license.renewed' | 'license.reissued';
  expiresAt: Date | null;
  graceDays: number;
  instanceFingerprint: string | null;
  allowedMajorVersions: string[];
  entitlements: Entitlements;
  seats: SeatTerms | null;
  supersede: boolean;
  /** Fields of the license that differ from before. */
  changed: string[];
}

/**
 * What the token of a license says that runs longer.
 * @throws LicenseStateConflict when it is suspended or perpetual, InvalidTerm
 */
export function renewedToken(license: License, input: RenewLicense, now: Date): TokenReplacement {
  return {
    event: 'license.renewed',
    ...renewedTerm(license, input, now),
    instanceFingerprint: license.instance_fingerprint,
    allowedMajorVersions: license.allowed_major_versions,
    entitlements: license.entitlements,
    seats: license.seats,
  };
}

/**
 * What the token of a license says that is issued again.
 * @throws InvalidSeats
 */
export function reissuedToken(license: License, input: ReissueLicense): TokenReplacement {
  const {
    instance_fingerprint: instanceFingerprint = license.instance_fingerprint,
    allowed_major_versions: allowedMajorVersions = license.allowed_major_versions,
  } = input;
  const entitlements = inStoredOrder(input.entitlements ?? license.entitlements);
  const graceDays = graceOfTerm(license.expires_at, input.grace_days ?? license.grace_days);
  const seats = seatsOf(input, license);
  const seatsDiffer = !isDeepStrictEqual(seats, license.seats);
  const changed = [
    ...(instanceFingerprint === license.instance_fingerprint ? [] : ['instance_fingerprint']),
    ...(isDeepStrictEqual(allowedMajorVersions.toSorted(), license.allowed_major_versions.toSorted())
      ? []
      : ['allowed_major_versions']),
    ...(graceDays === license.grace_days ? [] : ['grace_days']),
    ...(isDeepStrictEqual(entitlements, inStoredOrder(license.entitlements)) ? [] : ['entitlements']),
    ...(seatsDiffer ? ['seats'] : []),
  ];
  return {
    event: 'license.reissued',
    expiresAt: license.expires_at,
    graceDays,
    instanceFingerprint,
    allowedMajorVersions,
    entitlements,
    seats,
    // Else the customer keeps what was taken away by using the older token.
    supersede:
      input.supersede === true ||
      takesAway(license.entitlements, entitlements) ||
      graceDays < license.grace_days ||
      seatsDiffer,
    changed,
  };
}

function seatsOf({ seats }: ReissueLicense, license: License): SeatTerms | null {
  if (seats === undefined) return license.seats;
  return seats === null ? null : completeSeats(seats, 'seats.');
}

function renewedTerm(
  license: License,
  input: RenewLicense,
  now: Date,
): Pick<TokenReplacement, 'expiresAt' | 'graceDays' | 'supersede' | 'changed'> {
  if (license.stored_status === 'suspended')
    throw new LicenseStateConflict(
      `The license ${license.id} is suspended: reinstate it before it is renewed.`,
    );
  if (license.expires_at === null)
    throw new LicenseStateConflict(`The license ${license.id} is perpetual: there is nothing to renew.`);
  const graceDays = input.grace_days ?? license.grace_days;
  const before = endOfGrace(license.expires_at, license.grace_days);
  const expiresAt = renewedEnd(license.expires_at, before, input, now);
  return {
    expiresAt,
    graceDays,
    supersede: endOfGrace(expiresAt, graceDays) < before,
    changed: ['expires_at', ...(graceDays === license.grace_days ? [] : ['grace_days'])],
  };
}

/**
 * @param end as it is
 * @param graceEnd when the license has expired, in milliseconds since 1970
 */
function renewedEnd(
  end: Date,
  graceEnd: number,
  { duration_days: days, expires_at: asked }: RenewLicense,
  now: Date,
): Date {
  if (days !== undefined) {
    if (asked !== undefined)
      throw new InvalidTerm('expires_at', 'must be absent where duration_days is given');
    const renewed = daysAfter(now.getTime() < graceEnd ? end : now, days);
    if (renewed <= now)
      throw new InvalidTerm(
        'duration_days',
        'must reach beyond now: in grace, it counts from the end of the license',
      );
    return renewed;
  }
  if (asked === undefined) throw new InvalidTerm('duration_days', 'is required unless expires_at is given');
  const wholeSecond = new Date(Math.floor(asked.getTime() / 1000) * 1000);
  if (wholeSecond <= now || wholeSecond <= end)
    throw new InvalidTerm('expires_at', 'must be later than now and than the current end of the license');
  return wholeSecond;
}
