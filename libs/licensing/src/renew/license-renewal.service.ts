import { ActivationEndings, type SeatTerms, SeatTermsStore } from '@aegis/activations';
import { type Actor, AuditLog } from '@aegis/audit';
import { CustomerInactive, CustomersService } from '@aegis/customers';
import { transaction } from '@aegis/database';
import { NO_PRECONDITION, type Precondition } from '@aegis/access';
import { Injectable } from '@nestjs/common';
import { isDeepStrictEqual } from 'node:util';
import { DataSource, type EntityManager } from 'typeorm';
import { LicenseChanges } from '../license-changes';
import { LicenseLock } from '../license-lock';
import { License, MOST_REVISION } from '../license.entity';
import { LicenseNotFound, LicenseStateConflict, NEW_LICENSE } from '../licensing.errors';
import { EXPIRED, giveNotice } from '../notices/notice';
import { tokenAuditData } from '../issue/token-audit-data';
import { type FreshToken, TokenIssuer } from '../issue/token-issuer';
import {
  type ReissueLicense,
  reissuedToken,
  type RenewLicense,
  renewedToken,
  type TokenReplacement,
} from './token-replacement';

/** Somebody changed the license while its new token was signed: nothing was written. */
class ChangedMeanwhile extends Error {}

/** Why activations end with the seats that they hold. */
const NO_LONGER_COUNTED = 'seats are no longer counted';

/** Others may change the license while its new token is signed; then it is made again. */
const ATTEMPTS = 8;

/** Gives licenses new tokens under the same id. */
@Injectable()
export class LicenseRenewalService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
    private readonly customers: CustomersService,
    private readonly licenses: LicenseLock,
    private readonly tokens: TokenIssuer,
    private readonly seats: SeatTermsStore,
    private readonly endings: ActivationEndings,
    private readonly changes: LicenseChanges,
  ) {}

  /**
   * Lets a license run longer, with a new token that says so; older ones stay valid until their own end, unless less grace
   * would let one outlive the license: then they are withdrawn.
   * @param precondition on the license before the change
   * @throws LicenseNotFound, LicenseStateConflict when perpetual, suspended or revoked, CustomerInactive, InvalidTerm
   */
  renew(
    actor: Actor,
    id: string,
    input: RenewLicense,
    precondition: Precondition<License> = NO_PRECONDITION,
  ): Promise<License> {
    return this.replaceToken(actor, id, precondition, (license, now) => renewedToken(license, input, now));
  }

  /**
   * Signs a new token under the active key, also onto another instance or other versions.
   * @param precondition on the license before the change
   * @throws LicenseNotFound, LicenseStateConflict when revoked, CustomerInactive, InvalidSeats, TokenTooLarge
   */
  reissue(
    actor: Actor,
    id: string,
    input: ReissueLicense,
    precondition: Precondition<License> = NO_PRECONDITION,
  ): Promise<License> {
    return this.replaceToken(actor, id, precondition, (license) => reissuedToken(license, input));
  }

  private replaceToken(
    actor: Actor,
    id: string,
    precondition: Precondition<License>,
    plan: (license: License, now: Date) => TokenReplacement,
  ): Promise<License> {
    return this.tokens.withActiveKey(() => this.signAndCommit(actor, id, precondition, plan));
  }

  private async signAndCommit(
    actor: Actor,
    id: string,
    precondition: Precondition<License>,
    plan: (license: License, now: Date) => TokenReplacement,
  ): Promise<License> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const [license, moment] = await Promise.all([this.read(id, precondition), this.tokens.moment()]);
      const replacement = plan(license, moment.now);
      const customer = await this.customers.find(license.customer_id);
      if (!customer.is_active) throw new CustomerInactive(customer.id);
      const fresh = await this.tokens.sign(
        {
          licenseId: id,
          customer,
          moduleName: license.module_name,
          allowedMajorVersions: replacement.allowedMajorVersions,
          licenseType: license.license_type,
          expiresAt: replacement.expiresAt,
          graceDays: replacement.graceDays,
          instanceFingerprint: replacement.instanceFingerprint,
          entitlements: replacement.entitlements,
          seats: replacement.seats,
          revision: license.revision + 1,
        },
        moment,
      );
      try {
        const changed = await this.commit(actor, license, precondition, replacement, fresh);
        this.changes.count(replacement.event === 'license.renewed' ? 'renewed' : 'reissued');
        return changed;
      } catch (error) {
        if (!(error instanceof ChangedMeanwhile)) throw error;
      }
    }
    throw new LicenseStateConflict(`The license ${id} is being changed by another request; read it again.`);
  }

  /** @throws ChangedMeanwhile, SigningKeyChanged */
  private commit(
    actor: Actor,
    seen: License,
    precondition: Precondition<License>,
    replacement: TokenReplacement,
    fresh: FreshToken,
  ): Promise<License> {
    return transaction(this.dataSource, async (tx) => {
      await this.customers.shareActive(tx, seen.customer_id);
      const license = await this.licenses.take(tx, seen.id);
      if (license.version !== seen.version) throw new ChangedMeanwhile();
      precondition(license);
      if (replacement.supersede) await this.tokens.supersede(tx, [license.id]);
      await this.tokens.record(tx, fresh);
      await this.changeSeats(tx, actor, license, seen.seats, replacement.seats);
      const changed = await this.licenses.update(tx, license, {
        expires_at: replacement.expiresAt,
        grace_days: replacement.graceDays,
        instance_fingerprint: replacement.instanceFingerprint,
        allowed_major_versions: replacement.allowedMajorVersions,
        entitlements: replacement.entitlements,
        token: fresh.token,
        key_id: fresh.keyId,
        revision: fresh.revision,
      });
      await this.audit.append(tx, {
        type: replacement.event,
        actor,
        licenseId: license.id,
        customerId: license.customer_id,
        moduleName: license.module_name,
        data: {
          ...tokenAuditData(fresh, {
            licenseType: license.license_type,
            allowedMajorVersions: replacement.allowedMajorVersions,
            instanceFingerprint: replacement.instanceFingerprint,
            expiresAt: replacement.expiresAt,
            graceDays: replacement.graceDays,
            entitlements: replacement.entitlements,
            seats: replacement.seats,
          }),
          fields: replacement.changed,
          superseded: replacement.supersede,
        },
      });
      await this.noticeEnd(tx, license, changed);
      return changed;
    });
  }

  /** A license that expires because its grace is taken away has no moment at which it would be noticed later. */
  private async noticeEnd(tx: EntityManager, before: License, after: License): Promise<void> {
    const { id, customer_id, module_name, expires_at, grace_days } = after;
    if (before.status !== 'active' || after.status !== 'expired' || expires_at === null) return;
    await giveNotice(tx, this.audit, EXPIRED, [{ id, customer_id, module_name, expires_at, grace_days }]);
  }

  /** @param before as they were when the license was read: it has the same version, so that they still are */
  private async changeSeats(
    tx: EntityManager,
    actor: Actor,
    license: License,
    before: SeatTerms | null,
    after: SeatTerms | null,
  ): Promise<void> {
    if (isDeepStrictEqual(before, after)) return;
    if (after !== null) return this.seats.write(tx, { id: license.id, seats: after });
    await this.endings.ofLicense(tx, actor, license, NO_LONGER_COUNTED);
    await this.seats.clear(tx, license.id);
  }

  private async read(id: string, precondition: Precondition<License>): Promise<License> {
    const license = await this.dataSource.manager.findOneBy(License, { id });
    if (!license) throw new LicenseNotFound(id);
    precondition(license);
    // A customer is removed only when its licenses are revoked: those are refused before the customer is read.
    if (license.stored_status === 'revoked')
      throw new LicenseStateConflict(
        `The license ${id} is revoked: it cannot get a new token. ${NEW_LICENSE}`,
      );
    if (license.revision >= MOST_REVISION)
      throw new LicenseStateConflict(
        `The license ${id} has had as many tokens as a license can have: revoke it, and issue another one.`,
      );
    return license;
  }
}
