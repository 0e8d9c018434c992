import type { Entitlements } from './entitlements';
import type { JwsHeader } from '../text/compact-jws';

/** The kinds of license: only `perpetual` has no end. */
export const LICENSE_TYPES = ['perpetual', 'subscription', 'demo'] as const;

export type LicenseType = (typeof LICENSE_TYPES)[number];

/** How a seat is held: until its end, or until its lease ends. */
export const SEAT_MODES = ['fixed', 'floating'] as const;

export type SeatMode = (typeof SEAT_MODES)[number];

/** That the installations of a license are counted. How many there may be is not in the token: it changes without one. */
export interface SeatsClaim {
  mode: SeatMode;
  /** Whether validation asks for a seat. */
  required: boolean;
}

/** JOSE header of a license token: `typ` is `JWT` in every one issued here, and one without it is still read. */
export type LicenseHeader = JwsHeader;

/**
 * Claims of a license (RFC 7519). Deployed clients read exactly these names: never rename one.
 * Times are seconds since 1970 (NumericDate), whole numbers.
 */
export interface LicenseClaims {
  /** License id, a UUID. */
  jti: string;
  iss: string;
  /** Time of issue less 60 s, since clients refuse a token from the future and clocks differ. */
  iat: number;
  /** First second at which the license is no longer valid; absent when perpetual. */
  exp?: number;
  customer: { id: string; name: string };
  module: { technical_name: string; allowed_major_versions: string[] };
  license_type: LicenseType;
  /** `sha256:<64 hex>` of the one installation it is bound to; absent when unbound. */
  instance_fingerprint?: string;
  /** Days of 86,400 seconds after `exp` in which it is still valid; absent where there are none. */
  grace_days?: number;
  /** What it allows beyond running; absent where there is nothing. */
  entitlements?: Entitlements;
  /** That its installations are counted; absent where they are not. */
  seats?: SeatsClaim;
  /** Counts the license's tokens from 1; imported tokens lack it. */
  rev?: number;
  /** Place in a Token Status List; imported tokens lack it. */
  status?: { status_list: { idx: number; uri: string } };
}
