import type { LicenseType } from './claims/claims';
import type { Entitlements } from './claims/entitlements';

/** Every answer to "is this license valid here and now?". The first failing check, in this order, names it. */
export const VERDICT_CODES = [
  'MALFORMED',
  'UNKNOWN_KEY',
  'SIGNATURE_INVALID',
  'KEY_COMPROMISED',
  'ISSUER_MISMATCH',
  'MODULE_MISMATCH',
  'VERSION_NOT_ALLOWED',
  'INSTANCE_REQUIRED',
  'INSTANCE_MISMATCH',
  'CLOCK_SET_BACK',
  'STATUS_LIST_INVALID',
  'STATUS_LIST_STALE',
  'NOT_FOUND',
  'REVOKED',
  'SUSPENDED',
  'SUPERSEDED',
  'CUSTOMER_INACTIVE',
  'EXPIRED',
  'ACTIVATION_REQUIRED',
  'ACTIVATION_INVALID',
  'ACTIVATION_MISMATCH',
  'ACTIVATION_ENDED',
  'VALID',
] as const;

export type VerdictCode = (typeof VERDICT_CODES)[number];

/** About what replaces the record offline, and about the local clock: a server has the record and the database's clock. */
const OFFLINE_CODES = [
  'CLOCK_SET_BACK',
  'STATUS_LIST_INVALID',
  'STATUS_LIST_STALE',
  'ACTIVATION_INVALID',
  'ACTIVATION_MISMATCH',
] as const;

export type ServerVerdictCode = Exclude<VerdictCode, (typeof OFFLINE_CODES)[number]>;

/** The codes that a server answers. */
export const SERVER_VERDICT_CODES = VERDICT_CODES.filter(
  (code): code is ServerVerdictCode => !(OFFLINE_CODES as readonly string[]).includes(code),
);

/**
 * Of a valid license: it ends within 30 days; it has ended, and is valid only for its days of grace; a newer token of it
 * exists; the asking installation was admitted beyond the number of seats.
 */
export const WARNINGS = ['EXPIRES_SOON', 'IN_GRACE', 'REISSUE_AVAILABLE', 'SEAT_OVERAGE'] as const;

export type Warning = (typeof WARNINGS)[number];

/** A seat that the asking installation holds. */
export interface HeldSeat {
  /** Activation id. */
  id: string;
  /** First moment at which it is no longer held, unless a heartbeat comes before; null: it has no such end. */
  lease_ends_at: Date | null;
  /** Admitted beyond the number of seats. An activation token does not say so: offline always false. */
  over: boolean;
}

/**
 * The answer. From `license_id` on: null while the token is not proven ours, else from its claims. A server names the
 * license of a `KEY_COMPROMISED` token that is on record, to callers with an API key alone.
 */
export interface Verdict {
  valid: boolean;
  code: VerdictCode;
  /** A sentence for people; null when valid. */
  error: string | null;
  warnings: Warning[];
  license_id: string | null;
  license_type: LicenseType | null;
  customer_name: string | null;
  /** Null also when the license is perpetual. */
  expires_at: Date | null;
  /**
   * What the token allows beyond running; empty where there is nothing, and while the token is not proven ours. Read it
   * with `entitlementOf`.
   */
  entitlements: Entitlements;
  /** The activation that was named, while it is live and this installation's; null otherwise. */
  activation: HeldSeat | null;
  checked_at: Date;
}

/** What `Verdict.error` says. */
export const VERDICT_ERRORS: Readonly<Record<VerdictCode, string | null>> = {
  MALFORMED: 'This is not a license token, or it was damaged in transit.',
  UNKNOWN_KEY: 'The license was signed with a key that this server never had.',
  SIGNATURE_INVALID: 'The signature does not match: the license was changed or forged.',
  KEY_COMPROMISED: 'The license was signed with a key that has since been compromised. Ask for a new one.',
  ISSUER_MISMATCH: 'The license was issued by someone else.',
  MODULE_MISMATCH: 'The license is for another module.',
  VERSION_NOT_ALLOWED: "The license does not cover this version, or the version can't be read.",
  INSTANCE_REQUIRED:
    'The license is bound to one installation: `instance_db_uuid` and `instance_domain` must both be sent.',
  INSTANCE_MISMATCH: 'The license is bound to another installation.',
  CLOCK_SET_BACK: 'The clock of this machine is behind a time that it has shown before. Set it right.',
  STATUS_LIST_INVALID: 'The status list is not of this license, or it was damaged or forged. Get it again.',
  STATUS_LIST_STALE: 'The status list is too old. Get a newer one.',
  NOT_FOUND: 'This license is not on record here.',
  REVOKED: 'The license has been revoked.',
  SUSPENDED: 'The license is suspended.',
  SUPERSEDED: 'The license has been replaced by a newer one. Use that one.',
  CUSTOMER_INACTIVE: 'The customer of this license is inactive.',
  EXPIRED: 'The license has expired.',
  ACTIVATION_REQUIRED: 'The license counts its installations, and this one has no seat of it: activate it.',
  ACTIVATION_INVALID: 'This is not an activation token of this license, or it was damaged or forged.',
  ACTIVATION_MISMATCH: 'The activation is of another installation, or answers another request.',
  ACTIVATION_ENDED: 'This installation no longer holds its seat: activate it again.',
  VALID: null,
};
