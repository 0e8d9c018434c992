import type { Actor, AuditEntry } from '@aegis/audit';
import { tokenAuditData } from '@aegis/licensing';
import type { StatusPlace } from '@aegis/status-lists';
import type { ProvenLine } from './line-outcome';

/** Why a license is revoked that an import says nothing more about. */
export const IMPORTED_AS_REVOKED = 'imported as revoked';
const IMPORTED_AS_SUSPENDED = 'imported as suspended';

/** The row of a license that is new. */
export function licenseRow(line: ProvenLine): Record<string, unknown> {
  const { claims, status } = line;
  return {
    id: claims.jti,
    customer_id: claims.customer.id,
    module_name: claims.module.technical_name,
    license_type: claims.license_type,
    allowed_major_versions: claims.module.allowed_major_versions,
    issued_at: fromSeconds(claims.iat),
    expires_at: claims.exp === undefined ? null : fromSeconds(claims.exp),
    status,
    revoked_at: line.revokedAt,
    revoked_reason: status === 'revoked' ? (line.revokedReason ?? IMPORTED_AS_REVOKED) : null,
    suspended_reason: status === 'suspended' ? IMPORTED_AS_SUSPENDED : null,
    instance_fingerprint: claims.instance_fingerprint ?? null,
    grace_days: claims.grace_days ?? 0,
    entitlements: claims.entitlements ?? {},
    token: line.token,
    key_id: line.keyId,
    revision: line.revision,
    notes: line.notes,
  };
}

/** The audit record of what an import did to a license, without its data. */
export function auditEntry({ claims }: ProvenLine, actor: Actor, type: AuditEntry['type']): AuditEntry {
  return {
    type,
    actor,
    licenseId: claims.jti,
    customerId: claims.customer.id,
    moduleName: claims.module.technical_name,
  };
}

/** What the audit record of an imported license says about its token. */
export function importedTokenData(
  line: ProvenLine,
  status: StatusPlace | null,
): Readonly<Record<string, unknown>> {
  const { claims } = line;
  return tokenAuditData(
    { sha256: line.sha256, keyId: line.keyId, revision: line.revision, status },
    {
      licenseType: claims.license_type,
      allowedMajorVersions: claims.module.allowed_major_versions,
      instanceFingerprint: claims.instance_fingerprint ?? null,
      expiresAt: claims.exp === undefined ? null : fromSeconds(claims.exp),
      graceDays: claims.grace_days ?? 0,
      entitlements: claims.entitlements ?? {},
      seats: line.seats,
    },
  );
}

/** @param seconds since 1970 */
export function fromSeconds(seconds: number): Date {
  return new Date(seconds * 1000);
}
