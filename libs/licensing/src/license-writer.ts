import { type Actor, type AuditEntry, AuditLog } from '@aegis/audit';
import { CustomersService } from '@aegis/customers';
import {
  hasTransactionHooks,
  MicroBatch,
  PreparedStatement,
  sqlState,
  SqlState,
  transaction,
} from '@aegis/database';
import { SigningKeyChanged } from '@aegis/signing';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { License } from './license.entity';
import { tokenAuditData } from './token-audit-data';
import { type FreshToken, TokenMaker } from './token-maker';

/** A license whose token is signed and that is not on record yet. */
export interface SignedLicense {
  actor: Actor;
  license: License;
  fresh: FreshToken;
}

/** Why a license was not written; null when it was. */
type Refusal = Error | null;

const INSERT_LICENSES = new PreparedStatement(
  'license-insert',
  `INSERT INTO licenses (id, customer_id, module_name, license_type, allowed_major_versions, issued_at, expires_at,
                         instance_fingerprint, token, key_id, revision, notes, created_at, updated_at)
   SELECT id, customer_id, module_name, license_type, allowed_major_versions, issued_at, expires_at,
          instance_fingerprint, token, key_id, revision, notes, created_at, updated_at
   FROM jsonb_populate_recordset(NULL::licenses, $1::jsonb)`,
);

/**
 * Puts new licenses on record: row, token's hash and audit record, in one transaction for all who wait. Under load
 * they share its statements and its wait for the disk.
 */
@Injectable()
export class LicenseWriter {
  private readonly batch = new MicroBatch<SignedLicense, Refusal>((waiting) => this.writeTogether(waiting), {
    maxSize: 100,
    maxConcurrent: 3,
  });

  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
    private readonly customers: CustomersService,
    private readonly tokens: TokenMaker,
  ) {}

  /**
   * @returns the license, once it is durable
   * @throws CustomerNotFound, CustomerInactive; SigningKeyChanged: it is to be signed anew
   */
  async write(signed: SignedLicense): Promise<License> {
    if (hasTransactionHooks()) return this.writeAlone(signed);
    const refusal = await this.batch.add(signed);
    if (refusal) throw refusal;
    return signed.license;
  }

  private writeAlone(signed: SignedLicense): Promise<License> {
    return transaction(this.dataSource, async (tx) => {
      const [refusal] = await this.insert(tx, [signed]);
      if (refusal) throw refusal;
      return signed.license;
    });
  }

  private async writeTogether(waiting: readonly SignedLicense[]): Promise<Refusal[]> {
    try {
      return await transaction(this.dataSource, (tx) => this.insert(tx, waiting));
    } catch (error) {
      if (error instanceof SigningKeyChanged) return this.writeByKey(waiting, error);
      if (sqlState(error) !== SqlState.lockNotAvailable) throw error;
      // Somebody has held one of the customers for long: that must not refuse the licenses of the others.
      return Promise.all(
        waiting.map((one) =>
          this.writeAlone(one).then(
            () => null,
            (reason: unknown) => (reason instanceof Error ? reason : new Error(String(reason))),
          ),
        ),
      );
    }
  }

  /** The active key was changed: those that the new one signed need not wait until the others are signed anew. */
  private async writeByKey(
    waiting: readonly SignedLicense[],
    changed: SigningKeyChanged,
  ): Promise<Refusal[]> {
    const refusals = new Map<SignedLicense, Refusal>();
    for (const kid of new Set(waiting.map(({ fresh }) => fresh.keyId))) {
      const signed = waiting.filter(({ fresh }) => fresh.keyId === kid);
      const answers =
        signed.length < waiting.length ? await this.writeTogether(signed) : signed.map(() => changed);
      signed.forEach((one, index) => refusals.set(one, answers[index] ?? null));
    }
    return waiting.map((one) => refusals.get(one) ?? null);
  }

  /** @returns for each license why it was left out, or null */
  private async insert(tx: EntityManager, waiting: readonly SignedLicense[]): Promise<Refusal[]> {
    const customerIds = new Set(waiting.map(({ license }) => license.customer_id));
    const refusals = await this.customers.shareEach(tx, [...customerIds]);
    const accepted = waiting.filter(({ license }) => !refusals.has(license.customer_id));
    if (accepted.length > 0) {
      // Sent together: the connection hands them on without waiting, and the first that fails fails those behind it.
      await Promise.all([
        this.insertRows(tx, accepted),
        this.tokens.record(tx, ...accepted.map(({ fresh }) => fresh)),
        this.audit.append(tx, ...accepted.map(auditEntry)),
      ]);
    }
    return waiting.map(({ license }) => refusals.get(license.customer_id) ?? null);
  }

  private async insertRows(tx: EntityManager, accepted: readonly SignedLicense[]): Promise<void> {
    await INSERT_LICENSES.run(tx, [JSON.stringify(accepted.map(({ license }) => license))]);
  }
}

function auditEntry({ actor, license, fresh }: SignedLicense): AuditEntry {
  return {
    type: 'license.issued',
    actor,
    licenseId: license.id,
    customerId: license.customer_id,
    moduleName: license.module_name,
    data: tokenAuditData(fresh, {
      licenseType: license.license_type,
      allowedMajorVersions: license.allowed_major_versions,
      instanceFingerprint: license.instance_fingerprint,
      expiresAt: license.expires_at,
    }),
  };
}
