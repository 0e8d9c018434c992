import { type Actor, AuditLog, type EventType } from '@aegis/audit';
import { transaction } from '@aegis/database';
import { NO_PRECONDITION, type Precondition } from '@aegis/access';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { LicenseChanges } from '../license-changes';
import { LicenseLock } from '../license-lock';
import { License } from '../license.entity';
import type { StoredStatus } from './license-status';
import { LicenseStateConflict, NEW_LICENSE } from '../licensing.errors';

type Change = 'revoked' | 'suspended' | 'reinstated';

/** States from which a change is possible. */
const POSSIBLE_FROM: Readonly<Record<Change, readonly StoredStatus[]>> = {
  revoked: ['active', 'suspended'],
  suspended: ['active'],
  reinstated: ['suspended'],
};

const now = (): string => 'clock_timestamp()';

/** Takes validity from licenses, and gives it back to suspended ones. */
@Injectable()
export class LicenseStateService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
    private readonly licenses: LicenseLock,
    private readonly changes: LicenseChanges,
  ) {}

  /**
   * Revokes permanently. Once this returns, every validation that starts anywhere answers REVOKED.
   * @param reason 1–500 characters
   * @param precondition on the license before the change
   * @throws LicenseNotFound, LicenseStateConflict when it is revoked already
   */
  revoke(
    actor: Actor,
    id: string,
    reason: string,
    precondition: Precondition<License> = NO_PRECONDITION,
  ): Promise<License> {
    return this.change(actor, id, 'revoked', reason, precondition, {
      stored_status: 'revoked',
      revoked_at: now,
      revoked_reason: reason,
    });
  }

  /**
   * Suspends until it is reinstated; validations answer SUSPENDED meanwhile.
   * @param reason 1–500 characters
   * @param precondition on the license before the change
   * @throws LicenseNotFound, LicenseStateConflict unless it is active or expired
   */
  suspend(
    actor: Actor,
    id: string,
    reason: string,
    precondition: Precondition<License> = NO_PRECONDITION,
  ): Promise<License> {
    return this.change(actor, id, 'suspended', reason, precondition, {
      stored_status: 'suspended',
      suspended_at: now,
      suspended_reason: reason,
    });
  }

  /**
   * Ends a suspension.
   * @param reason 1–500 characters, kept in the audit trail
   * @param precondition on the license before the change
   * @throws LicenseNotFound, LicenseStateConflict unless it is suspended
   */
  reinstate(
    actor: Actor,
    id: string,
    reason: string,
    precondition: Precondition<License> = NO_PRECONDITION,
  ): Promise<License> {
    return this.change(actor, id, 'reinstated', reason, precondition, {
      stored_status: 'active',
      suspended_at: null,
      suspended_reason: null,
    });
  }

  private async change(
    actor: Actor,
    id: string,
    change: Change,
    reason: string,
    precondition: Precondition<License>,
    fields: Parameters<LicenseLock['update']>[2],
  ): Promise<License> {
    const license = await transaction(this.dataSource, async (tx) => {
      const license = await this.licenses.take(tx, id);
      precondition(license);
      if (!POSSIBLE_FROM[change].includes(license.stored_status))
        throw new LicenseStateConflict(
          `The license ${id} is ${license.stored_status}: it can't be ${change}. ${remedy(license.stored_status, change)}`,
        );
      const changed = await this.licenses.update(tx, license, fields);
      await this.audit.append(tx, {
        type: `license.${change}` satisfies EventType,
        actor,
        licenseId: id,
        customerId: license.customer_id,
        moduleName: license.module_name,
        data: { from: license.stored_status, reason },
      });
      return changed;
    });
    this.changes.count(change);
    return license;
  }
}

/** What the caller can do instead. */
function remedy(status: StoredStatus, change: Change): string {
  return status === 'revoked' && change !== 'revoked' ? NEW_LICENSE : 'It is in that state already.';
}
