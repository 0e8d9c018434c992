import {
  type Entitlements,
  lintClaims,
  type LicenseClaims,
  type LicenseType,
  type SeatsClaim,
} from '@aegis/license-token';
import { UnsoundClaims } from '../licensing.errors';
import { statusListUri, type StatusPlace } from '@aegis/status-lists';

/** Clients refuse a token from the future, and clocks differ. */
const CLOCK_TOLERANCE_S = 60;

/** What a token is to say. */
export interface TokenFacts {
  licenseId: string;
  issuer: string;
  /** Base URL under which clients reach this server. */
  publicUrl: string;
  customer: { id: string; name: string };
  moduleName: string;
  allowedMajorVersions: string[];
  licenseType: LicenseType;
  /** When it is signed, by the database's clock. */
  signedAt: Date;
  /** A whole second; null when perpetual. */
  expiresAt: Date | null;
  /** 0: the token has no such claim, as those of earlier versions. */
  graceDays: number;
  instanceFingerprint: string | null;
  /** Empty: the token has no such claim, as those of earlier versions. */
  entitlements: Entitlements;
  /** Null: the token has no such claim, as those of earlier versions. It says nothing of the numbers. */
  seats: SeatsClaim | null;
  revision: number;
  status: StatusPlace;
}

/**
 * The claims of a token, in the order that deployed clients print them.
 * @throws UnsoundClaims when they break a rule of the format: checked before anything is signed
 */
export function licenseClaims(facts: TokenFacts): LicenseClaims {
  const claims: LicenseClaims = {
    jti: facts.licenseId,
    iss: facts.issuer,
    iat: Math.floor(facts.signedAt.getTime() / 1000) - CLOCK_TOLERANCE_S,
    ...(facts.expiresAt && { exp: facts.expiresAt.getTime() / 1000 }),
    customer: { id: facts.customer.id, name: facts.customer.name },
    module: { technical_name: facts.moduleName, allowed_major_versions: facts.allowedMajorVersions },
    license_type: facts.licenseType,
    ...(facts.instanceFingerprint !== null && { instance_fingerprint: facts.instanceFingerprint }),
    ...(facts.graceDays > 0 && { grace_days: facts.graceDays }),
    ...(Object.keys(facts.entitlements).length > 0 && { entitlements: facts.entitlements }),
    ...(facts.seats !== null && { seats: { mode: facts.seats.mode, required: facts.seats.required } }),
    rev: facts.revision,
    status: {
      status_list: {
        idx: facts.status.index,
        uri: statusListUri(facts.publicUrl, facts.status.list),
      },
    },
  };
  const problems = lintClaims(claims);
  if (problems.length > 0) throw new UnsoundClaims(problems.join('; '));
  return claims;
}
