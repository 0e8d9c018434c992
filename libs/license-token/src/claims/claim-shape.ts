import { LICENSE_TYPES, type LicenseClaims, type LicenseType, SEAT_MODES, type SeatMode } from './claims';
import { brokenEntitlementRules } from './entitlements';
import { text } from './plain-text';
import { MAX_GRACE_DAYS, UUID } from './rules';

export type Check = (value: unknown) => boolean;
type Members = Record<string, unknown>;

/** 9999-12-31T23:59:59Z: RFC 3339, in which answers give times, has no later second. */
const LAST_SECOND = 253_402_300_799;

/** A UUID of any version and variant, in either case. */
export function uuid(value: unknown): boolean {
  return typeof value === 'string' && UUID.test(value);
}

/** A NumericDate (RFC 7519 section 2) of a whole second from 1970 on that RFC 3339 can write. */
export function numericDate(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= LAST_SECOND;
}

export function optional(check: Check): Check {
  return (value) => value === undefined || check(value);
}

export function objectOf(members: Record<string, Check>): Check {
  const checks = Object.entries(members);
  return (value) => isMembers(value) && checks.every(([name, check]) => check(value[name]));
}

/** A JSON array passes too, and then lacks every member. */
function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null;
}

/** Claim `status` of a token that has a place in a Token Status List. */
export const statusPlace = objectOf({ status_list: objectOf({ idx: Number.isSafeInteger, uri: text }) });

const CLAIMS = Object.entries({
  jti: uuid,
  iss: text,
  iat: numericDate,
  exp: optional(numericDate),
  customer: objectOf({ id: text, name: text }),
  module: objectOf({
    technical_name: text,
    allowed_major_versions: (value) => Array.isArray(value) && value.every(text),
  }),
  license_type: (value) => LICENSE_TYPES.includes(value as LicenseType),
  instance_fingerprint: optional(text),
  grace_days: optional(
    (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_GRACE_DAYS,
  ),
  entitlements: optional((value) => brokenEntitlementRules(value).length === 0),
  seats: optional(
    objectOf({
      mode: (value) => SEAT_MODES.includes(value as SeatMode),
      required: (value) => typeof value === 'boolean',
    }),
  ),
  rev: optional(Number.isSafeInteger),
  status: optional(statusPlace),
} satisfies Record<keyof LicenseClaims, Check>);

/**
 * Finds the claim that keeps an object from being the claims of a license: types and presence only, no ranges
 * (those are `lintClaims`), except of entitlements, which clients read by names that others chose, and of
 * grace, which prolongs a license, and of seats, which a client must not read as none. Claims it does not know are allowed: a token of the future stays readable. Only a
 * perpetual license may lack `exp`, so that dropping it never lengthens a license, and it has no grace.
 * @param claims a JSON object
 * @returns the name of the first claim that is missing or of the wrong type, or null
 */
export function malformedClaim(claims: object): string | null {
  const members = claims as Members;
  const broken = CLAIMS.find(([name, check]) => !check(members[name]));
  if (broken) return broken[0];
  if (members.exp !== undefined) return null;
  if (members.license_type !== 'perpetual') return 'exp';
  return members.grace_days === undefined || members.grace_days === 0 ? null : 'grace_days';
}
