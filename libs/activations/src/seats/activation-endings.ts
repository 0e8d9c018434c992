import { type Actor, AuditLog } from '@aegis/audit';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { endActivations, forgetNames } from './end-activations';

/** The license whose activations end, as its audit record names it. */
export interface EndingLicense {
  id: string;
  customer_id: string;
  module_name: string;
}

/** Ends all activations at once, with one record that says how many. */
@Injectable()
export class ActivationEndings {
  constructor(private readonly audit: AuditLog) {}

  /**
   * Ends every activation of a license.
   * @param tx in which the license is locked
   * @param reason 1–500 characters
   */
  async ofLicense(tx: EntityManager, actor: Actor, license: EndingLicense, reason: string): Promise<void> {
    const ended = await endActivations(tx, [license.id], { by: 'ended', reason });
    if (ended.count + ended.lapsed === 0) return;
    await this.audit.append(tx, {
      type: 'activation.ended',
      actor,
      licenseId: license.id,
      customerId: license.customer_id,
      moduleName: license.module_name,
      data: { ended_by: 'ended', reason, ...ended },
    });
  }

  /**
   * Ends every activation of the licenses of a customer that is removed, and removes their names.
   * @param tx in which the customer is locked
   * @param licenseIds of all the customer's licenses that have, or had, seats
   */
  async ofCustomer(
    tx: EntityManager,
    actor: Actor,
    customerId: string,
    licenseIds: readonly string[],
  ): Promise<void> {
    if (licenseIds.length === 0) return;
    const ended = await endActivations(tx, licenseIds, { by: 'customer_removed', reason: null });
    await forgetNames(tx, licenseIds);
    if (ended.count + ended.lapsed === 0) return;
    await this.audit.append(tx, {
      type: 'activation.ended',
      actor,
      customerId,
      data: { ended_by: 'customer_removed', ...ended },
    });
  }
}
