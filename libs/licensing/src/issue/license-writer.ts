import { SeatTermsStore } from '@aegis/activations';
import { type Actor, type AuditEntry, AuditLog } from '@aegis/audit';
import { CustomersService } from '@aegis/customers';
import {
  hasTransactionHooks,
  judgeCallers,
  MicroBatch,
  PreparedStatement,
  sentTogether,
  sharedTransaction,
  sqlState,
  SqlState,
  transaction,
} from '@aegis/database';
import { currentRequest, type RequestCaller } from '@aegis/logging';
import { SigningKeyChanged } from '@aegis/signing';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { LicenseChanges } from '../license-changes';
import type { License } from '../license.entity';
import { tokenAuditData } from './token-audit-data';
import { type FreshToken, TokenIssuer } from './token-issuer';

/** A license whose token is signed and that is not on record yet. */
export interface SignedLicense {
  actor: Actor;
  license: License;
  fresh: FreshToken;
}

/** How a license is written. */
export interface WriteOptions {
  /**
   * In a transaction of its own instead of one that requests share: for a request whose answer is remembered in the
   * transaction.
   */
  readonly alone?: boolean;
}

/** One that waits to be written together with those of other requests. */
interface WaitingLicense extends SignedLicense {
  /** Whose request it is of, to be judged with it; undefined outside of requests. */
  caller: RequestCaller | undefined;
}

/** Why a license was not written; null when it was. */
type Refusal = Error | null;

const INSERT_LICENSES = new PreparedStatement(
  'license-insert',
  `INSERT INTO licenses (id, customer_id, module_name, license_type, allowed_major_versions, issued_at, expires_at,
                         grace_days, instance_fingerprint, entitlements, token, key_id, revision, notes, created_at, updated_at)
   SELECT id, customer_id, module_name, license_type, allowed_major_versions, issued_at, expires_at,
          grace_days, instance_fingerprint, entitlements, token, key_id, revision, notes, created_at, updated_at
   FROM jsonb_populate_recordset(NULL::licenses, $1::jsonb)`,
);

/**
 * Puts new licenses on record: row, token's hash and audit record, in one transaction for all who wait. Under load
 * they share its statements and its wait for the disk.
 */
@Injectable()
export class LicenseWriter {
  private readonly batch = new MicroBatch<WaitingLicense, Refusal>((waiting) => this.writeTogether(waiting), {
    name: 'write licenses',
    maxSize: 100,
    maxConcurrent: 3,
  });

  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
    private readonly customers: CustomersService,
    private readonly tokens: TokenIssuer,
    private readonly seats: SeatTermsStore,
    private readonly changes: LicenseChanges,
  ) {}

  /**
   * @returns the license, once it is durable
   * @throws CustomerNotFound, CustomerInactive, CallerRefused, CallerNarrowed; SigningKeyChanged: it must be signed
   * again; Error when it is not written alone and its transaction has hooks, which would not run
   */
  async write(signed: SignedLicense, { alone = false }: WriteOptions = {}): Promise<License> {
    // That transaction judges the caller itself.
    if (alone)
      await transaction(this.dataSource, (tx) => this.insertOne(tx, { ...signed, caller: undefined }));
    else await this.writeShared(signed);
    this.changes.count('issued');
    return signed.license;
  }

  private async writeShared(signed: SignedLicense): Promise<void> {
    if (hasTransactionHooks()) throw new Error('a transaction that has hooks cannot be shared');
    const refusal = await this.batch.add({ ...signed, caller: currentRequest()?.caller });
    if (refusal) throw refusal;
  }

  private async insertOne(tx: EntityManager, waiting: WaitingLicense): Promise<License> {
    const [refusal] = await this.insert(tx, [waiting]);
    if (refusal) throw refusal;
    return waiting.license;
  }

  private async writeTogether(waiting: readonly WaitingLicense[]): Promise<Refusal[]> {
    try {
      return await sharedTransaction(this.dataSource, (tx) => this.insert(tx, waiting));
    } catch (error) {
      if (error instanceof SigningKeyChanged) return this.writeByKey(waiting, error);
      if (sqlState(error) !== SqlState.lockNotAvailable) throw error;
      // Somebody has locked one of the customers or callers for long: that must not refuse the licenses of the others.
      return Promise.all(
        waiting.map((one) =>
          sharedTransaction(this.dataSource, (tx) => this.insertOne(tx, one)).then(
            () => null,
            (reason: unknown) => (reason instanceof Error ? reason : new Error(String(reason))),
          ),
        ),
      );
    }
  }

  /** The active key was changed: licenses that the new key signed need not wait for the others. */
  private async writeByKey(
    waiting: readonly WaitingLicense[],
    changed: SigningKeyChanged,
  ): Promise<Refusal[]> {
    const refusals = new Map<WaitingLicense, Refusal>();
    for (const kid of new Set(waiting.map(({ fresh }) => fresh.keyId))) {
      const signed = waiting.filter(({ fresh }) => fresh.keyId === kid);
      const answers =
        signed.length < waiting.length ? await this.writeTogether(signed) : signed.map(() => changed);
      signed.forEach((one, index) => refusals.set(one, answers[index] ?? null));
    }
    return waiting.map((one) => refusals.get(one) ?? null);
  }

  /** @returns for each license why it was left out, or null */
  private async insert(tx: EntityManager, waiting: readonly WaitingLicense[]): Promise<Refusal[]> {
    const customerIds = new Set(waiting.map(({ license }) => license.customer_id));
    // One after the other, in this order: callers are locked before anything else, as in every other transaction.
    const [ofCallers, ofCustomers] = await sentTogether(
      refusedCallers(tx, waiting),
      this.customers.shareEach(tx, [...customerIds]),
    );
    const refusals = waiting.map(
      ({ caller, license }) =>
        (caller && ofCallers.get(caller)) ?? ofCustomers.get(license.customer_id) ?? null,
    );
    const accepted = waiting.filter((_, index) => refusals[index] === null);
    if (accepted.length > 0) {
      // The connection sends them without waiting, and the first that fails fails those behind it.
      await sentTogether(
        this.insertRows(tx, accepted),
        this.addSeats(tx, accepted),
        this.tokens.record(tx, ...accepted.map(({ fresh }) => fresh)),
        this.audit.append(tx, ...accepted.map(auditEntry)),
      );
    }
    return refusals;
  }

  private async insertRows(tx: EntityManager, accepted: readonly SignedLicense[]): Promise<void> {
    await INSERT_LICENSES.run(tx, [JSON.stringify(accepted.map(({ license }) => license))]);
  }

  /** Licenses without seats cost no statement. */
  private async addSeats(tx: EntityManager, accepted: readonly SignedLicense[]): Promise<void> {
    const seated = accepted.flatMap(({ license: { id, seats } }) => (seats === null ? [] : { id, seats }));
    if (seated.length > 0) await this.seats.add(tx, seated);
  }
}

/** @returns why nothing may be written for some of the callers; those that count are absent */
async function refusedCallers(
  tx: EntityManager,
  waiting: readonly WaitingLicense[],
): Promise<ReadonlyMap<RequestCaller, Error>> {
  const callers = [...new Set(waiting.flatMap(({ caller }) => caller ?? []))];
  const verdicts = await judgeCallers(tx, callers);
  return new Map(
    callers.flatMap((caller, index) => {
      const verdict = verdicts[index];
      return verdict instanceof Error ? [[caller, verdict] as const] : [];
    }),
  );
}

function auditEntry({ actor, license, fresh }: SignedLicense): AuditEntry {
  return {
    type: 'license.issued',
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
      issued_at: license.issued_at,
    },
  };
}
