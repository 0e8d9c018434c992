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
  'NOT_FOUND',
  'REVOKED',
  'SUSPENDED',
  'SUPERSEDED',
  'CUSTOMER_INACTIVE',
  'EXPIRED',
  'VALID',
] as const;

export type VerdictCode = (typeof VERDICT_CODES)[number];

/** Of a valid license: it ends within 30 days; it has ended, and is valid only for its days of grace; a newer token of it exists. */
export const WARNINGS = ['EXPIRES_SOON', 'IN_GRACE', 'REISSUE_AVAILABLE'] as const;

export type Warning = (typeof WARNINGS)[number];

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
  NOT_FOUND: 'This license is not on record here.',
  REVOKED: 'The license has been revoked.',
  SUSPENDED: 'The license is suspended.',
  SUPERSEDED: 'The license has been replaced by a newer one. Use that one.',
  CUSTOMER_INACTIVE: 'The customer of this license is inactive.',
  EXPIRED: 'The license has expired.',
  VALID: null,
};
