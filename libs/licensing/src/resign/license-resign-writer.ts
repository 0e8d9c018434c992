import { limitStatements, lockByIdSql } from '@aegis/database';
import { type Actor, AuditLog } from '@aegis/audit';
import { CustomersService } from '@aegis/customers';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Candidate } from './license-resign-candidates';
import { tokenAuditData } from '../issue/token-audit-data';
import { type FreshToken, TokenIssuer } from '../issue/token-issuer';

/** A license and the token that was signed for it. */
export interface Resigned {
  license: Candidate;
  fresh: FreshToken;
}

/** Longer than a request waits: nobody is kept waiting by this one but others who hold a customer. */
const PATIENCE_MS = 15_000;

/** Puts the new tokens of many licenses on record at once. */
@Injectable()
export class LicenseResignWriter {
  constructor(
    private readonly audit: AuditLog,
    private readonly customers: CustomersService,
    private readonly tokens: TokenIssuer,
  ) {}

  /**
   * Writes tokens, licenses and audit records. A license that was changed since it was read is left alone, so a
   * revocation is never undone; so is a license that is locked right now.
   * @param keyId that the licenses' tokens were signed by so far
   * @param supersede whether the older tokens are withdrawn
   * @returns the licenses that were written
   */
  async write(
    tx: EntityManager,
    actor: Actor,
    keyId: string,
    supersede: boolean,
    resigned: readonly Resigned[],
  ): Promise<readonly Resigned[]> {
    await limitStatements(tx, { lockMs: PATIENCE_MS, statementMs: PATIENCE_MS });
    const customerIds = new Set(resigned.map(({ license }) => license.customer_id));
    const refused = await this.customers.shareEach(tx, [...customerIds]);
    const unchanged = await lockUnchanged(
      tx,
      resigned.filter(({ license }) => !refused.has(license.customer_id)),
    );
    if (unchanged.length === 0) return [];
    const ids = unchanged.map(({ license }) => license.id);
    if (supersede) await this.tokens.supersede(tx, ids);
    await this.tokens.record(tx, ...unchanged.map(({ fresh }) => fresh));
    await tx.query(
      `UPDATE licenses SET token = given.token, key_id = given.key_id, revision = given.revision,
                           version = version + 1, updated_at = clock_timestamp()
       FROM unnest($1::uuid[], $2::text[], $3::text[], $4::integer[]) AS given (id, token, key_id, revision)
       WHERE licenses.id = given.id`,
      [
        ids,
        unchanged.map(({ fresh }) => fresh.token),
        unchanged.map(({ fresh }) => fresh.keyId),
        unchanged.map(({ fresh }) => fresh.revision),
      ],
    );
    await this.audit.append(
      tx,
      ...unchanged.map(({ license, fresh }) => ({
        type: 'license.reissued' as const,
        actor,
        licenseId: license.id,
        customerId: license.customer_id,
        moduleName: license.module_name,
        data: {
          ...tokenAuditData(fresh, {
            licenseType: license.license_type,
            allowedMajorVersions: license.allowed_major_versions,
            instanceFingerprint: license.instance_fingerprint,
            expiresAt: license.expires_at,
            graceDays: license.grace_days,
            entitlements: license.entitlements,
            seats: license.seats,
          }),
          replaced_key_id: keyId,
          fields: [],
          superseded: supersede,
        },
      })),
    );
    return unchanged;
  }
}

/** Locks, in the order of ids as removals and imports do, those that are as they were read. */
async function lockUnchanged(tx: EntityManager, resigned: readonly Resigned[]): Promise<readonly Resigned[]> {
  const rows: { id: string; version: number }[] = await tx.query(
    lockByIdSql({ columns: 'id, version', table: 'licenses', strength: 'UPDATE', skipLocked: true }),
    [resigned.map(({ license }) => license.id)],
  );
  const versions = new Map(rows.map(({ id, version }) => [id, version]));
  return resigned.filter(({ license }) => versions.get(license.id) === license.version);
}
