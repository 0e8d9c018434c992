import type { SeatTerms } from '@aegis/activations';
import type { Entitlements, LicenseType } from '@aegis/license-token';
import type { StatusPlace } from '@aegis/status-lists';

/** A token as it came on record. */
export interface RecordedToken {
  /** SHA-256 of the whole token. */
  sha256: Buffer;
  keyId: string;
  revision: number;
  /** Null for imported tokens: they name no status list. */
  status: StatusPlace | null;
}

/** What the license of that token grants. */
export interface TokenGrant {
  licenseType: LicenseType;
  allowedMajorVersions: readonly string[];
  instanceFingerprint: string | null;
  expiresAt: Date | null;
  graceDays: number;
  entitlements: Entitlements;
  seats: SeatTerms | null;
}

/**
 * Describes a new token for its audit record, so that the trail alone shows all issued tokens: after a restore from a
 * backup, it shows which licenses are missing and what each one granted.
 * @returns `event_data`, without anything personal
 */
export function tokenAuditData(token: RecordedToken, grant: TokenGrant): Readonly<Record<string, unknown>> {
  return {
    license_type: grant.licenseType,
    allowed_major_versions: grant.allowedMajorVersions,
    instance_fingerprint: grant.instanceFingerprint,
    expires_at: grant.expiresAt,
    ...(grant.graceDays > 0 && { grace_days: grant.graceDays }),
    ...(Object.keys(grant.entitlements).length > 0 && { entitlements: grant.entitlements }),
    ...(grant.seats !== null && { seats: grant.seats }),
    key_id: token.keyId,
    revision: token.revision,
    token_sha256: token.sha256.toString('hex'),
    status_list: token.status?.list ?? null,
    status_index: token.status?.index ?? null,
  };
}
