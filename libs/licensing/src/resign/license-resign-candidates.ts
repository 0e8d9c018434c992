import { type SeatTerms, seatsSql } from '@aegis/activations';
import { limitStatements } from '@aegis/database';
import type { Entitlements, LicenseType } from '@aegis/license-token';
import type { EntityManager } from 'typeorm';
import type { GrantedFacts } from '../issue/token-issuer';
import {
  hasEndedSql,
  hasStatusSql,
  isRecordedAfterCompromiseSql,
  notRevokedSql,
} from '../state/license-status';

/** A license that will get a new token, as it was when it was read. */
export interface Candidate {
  id: string;
  customer_id: string;
  customer_name: string;
  module_name: string;
  license_type: LicenseType;
  allowed_major_versions: string[];
  expires_at: Date | null;
  instance_fingerprint: string | null;
  grace_days: number;
  entitlements: Entitlements;
  seats: SeatTerms | null;
  revision: number;
  version: number;
  created_at: Date;
}

/** Which licenses of a key get a new token. */
export interface Choice {
  /** Key that signed their newest token. */
  keyId: string;
  includeExpired: boolean;
  /** Also those whose newest token was recorded after the time up to which the compromised key is trusted. */
  includeAfter: boolean;
}

/** Licenses whose newest token a key signed, by what a run does with them. */
export interface ResignPlan {
  due: number;
  left: {
    /** Never get a token again. */
    revoked: number;
    /** Skipped unless asked for; a renewal signs them again anyway. */
    expired: number;
    /** Nothing is issued to them until they are active again. */
    customer_inactive: number;
    /** Left unless asked for: trust was withdrawn from what was recorded after that time. */
    recorded_after: number;
  };
}

const LONGEST_STATEMENT_MS = 120_000;

/** Counts what a run would do. */
export async function countCandidates(tx: EntityManager, choice: Choice): Promise<ResignPlan> {
  await limitStatements(tx, { statementMs: LONGEST_STATEMENT_MS });
  const rows: { becomes: keyof ResignPlan['left'] | 'due'; count: number }[] = await tx.query(
    `SELECT count(*)::integer AS count,
            CASE WHEN ${hasStatusSql('revoked', 'l')} THEN 'revoked'
                 WHEN NOT c.is_active THEN 'customer_inactive'
                 WHEN ${hasEndedSql('l')} AND NOT $2 THEN 'expired'
                 WHEN NOT $3 AND ${isRecordedAfterCompromiseSql('l')} THEN 'recorded_after'
                 ELSE 'due' END AS becomes
     FROM licenses l JOIN customers c ON c.id = l.customer_id
     WHERE l.key_id = $1 GROUP BY becomes`,
    [choice.keyId, choice.includeExpired, choice.includeAfter],
  );
  const counts = new Map(rows.map(({ becomes, count }) => [becomes, count]));
  const of = (what: (typeof rows)[number]['becomes']): number => counts.get(what) ?? 0;
  return {
    due: of('due'),
    left: {
      revoked: of('revoked'),
      expired: of('expired'),
      customer_inactive: of('customer_inactive'),
      recorded_after: of('recorded_after'),
    },
  };
}

/**
 * Reads licenses that are due, oldest first.
 * @param after the last one that was read
 */
export function readCandidates(
  tx: EntityManager,
  choice: Choice,
  after: Candidate | undefined,
  most: number,
): Promise<Candidate[]> {
  return tx.query(
    `SELECT l.id, l.customer_id, c.name AS customer_name, l.module_name, l.license_type, l.allowed_major_versions,
            l.expires_at, l.grace_days, l.instance_fingerprint, l.entitlements, ${seatsSql('l')} AS seats, l.revision, l.version, l.created_at
     FROM licenses l JOIN customers c ON c.id = l.customer_id
     WHERE l.key_id = $1 AND (l.created_at, l.id) > ($2, $3) AND ${notRevokedSql('l')} AND c.is_active
       AND ($4 OR NOT ${hasEndedSql('l')}) AND ($5 OR NOT ${isRecordedAfterCompromiseSql('l')})
     ORDER BY l.created_at, l.id LIMIT $6`,
    [
      choice.keyId,
      after?.created_at ?? '-infinity',
      after?.id ?? '00000000-0000-0000-0000-000000000000',
      choice.includeExpired,
      choice.includeAfter,
      most,
    ],
  );
}

/** What the new token of a license says: what the last one did. */
export function grantedFacts(license: Candidate): GrantedFacts {
  return {
    licenseId: license.id,
    customer: { id: license.customer_id, name: license.customer_name },
    moduleName: license.module_name,
    allowedMajorVersions: license.allowed_major_versions,
    licenseType: license.license_type,
    expiresAt: license.expires_at,
    instanceFingerprint: license.instance_fingerprint,
    graceDays: license.grace_days,
    entitlements: license.entitlements,
    seats: license.seats,
    revision: license.revision + 1,
  };
}
