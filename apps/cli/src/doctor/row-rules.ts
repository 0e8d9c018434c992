/** What rows of the database must not contradict, beyond its own constraints. */
export interface RowRule {
  message: string;
  remedy: string;
  /** SQL: ids, as text, of the rows that break it. */
  broken: string;
}

export const RESTORE = 'Find out who changed it: `aegis audit verify`, and the records about these ids.';

/** SQL of the claims of a token, as text; empty where the text is not a token. */
export const CLAIMS_OF_NEWEST = `
  SELECT encode(decode(CASE WHEN length(payload) % 4 = 1 OR payload !~ '^[A-Za-z0-9_-]+$' THEN ''
                            ELSE translate(payload, '-_', '+/') || repeat('=', (4 - length(payload) % 4) % 4) END,
                       'base64'), 'escape') AS claims
  FROM split_part(l.token, '.', 2) AS payload`;

export const ROW_RULES: readonly RowRule[] = [
  {
    message: 'licenses whose newest token is not on record: it answers NOT_FOUND',
    remedy: 'Reissue them.',
    broken: `
      SELECT l.id::text AS id FROM licenses AS l
      WHERE NOT EXISTS (SELECT FROM license_tokens AS t WHERE t.license_id = l.id AND t.revision = l.revision)`,
  },
  {
    message: 'licenses whose text is not the token on record of their revision',
    remedy: 'Reissue them: the text that customers fetch answers NOT_FOUND.',
    broken: `
      SELECT l.id::text AS id FROM licenses AS l
      JOIN license_tokens AS t ON t.license_id = l.id AND t.revision = l.revision
      WHERE l.token IS NOT NULL AND t.sha256 <> sha256(convert_to(l.token, 'UTF8'))`,
  },
  {
    message: 'licenses whose newest token does not have their entitlements or their grace',
    remedy: 'Reissue them: a server of the previous version signed it during an upgrade.',
    broken: `
      SELECT l.id::text AS id FROM licenses AS l, LATERAL (${CLAIMS_OF_NEWEST}) AS newest
      WHERE l.token IS NOT NULL AND l.status IN ('active', 'suspended') AND (
        l.grace_days > 0 AND claims !~ ('"grace_days"\\s*:\\s*' || l.grace_days || '\\M')
        OR l.entitlements <> '{}' AND claims !~ '"entitlements"\\s*:\\s*[{]')`,
  },
  {
    message: 'licenses with a token of a later revision than their own',
    remedy: RESTORE,
    broken: `
      SELECT DISTINCT l.id::text AS id FROM licenses AS l
      JOIN license_tokens AS t ON t.license_id = l.id AND t.revision > l.revision`,
  },
  {
    message: 'licenses that were revoked, by the audit trail, and are not revoked now: a lost revocation',
    remedy: 'Revoke them again, unless the trail says why.',
    broken: `
      SELECT DISTINCT l.id::text AS id FROM audit_logs AS a
      JOIN licenses AS l ON l.id = a.license_id
      WHERE a.event_type = 'license.revoked' AND l.status <> 'revoked'`,
  },
  {
    message: 'revoked licenses without a record of who revoked them',
    remedy: RESTORE,
    broken: `
      SELECT l.id::text AS id FROM licenses AS l
      WHERE l.status = 'revoked' AND l.revoked_at >= (SELECT min(recorded_at) FROM audit_logs)
        AND NOT EXISTS (SELECT FROM audit_logs AS a WHERE a.license_id = l.id
                        AND a.event_type IN ('license.revoked', 'license.imported'))`,
  },
  {
    message: 'licenses that no audit record issued or imported',
    remedy: RESTORE,
    broken: `
      SELECT l.id::text AS id FROM licenses AS l
      WHERE l.created_at >= (SELECT min(recorded_at) FROM audit_logs)
        AND NOT EXISTS (SELECT FROM audit_logs AS a WHERE a.license_id = l.id
                        AND a.event_type IN ('license.issued', 'license.imported'))`,
  },
];
