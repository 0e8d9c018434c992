import { ActivationEndings } from '@aegis/activations';
import { type Actor, AuditLog } from '@aegis/audit';
import { type Customer, CustomersService } from '@aegis/customers';
import { lockRows, transaction } from '@aegis/database';
import { NO_PRECONDITION, type Precondition } from '@aegis/access';
import { forgetAnswersAbout } from '@aegis/idempotency';
import { Injectable } from '@nestjs/common';
import { DataSource, Not, Raw } from 'typeorm';
import { LicenseChanges } from '../license-changes';
import { License } from '../license.entity';
import { isExactlySql } from '../license-search';
import { CustomerHasLicenses } from '../licensing.errors';
import { notRevokedSql } from '../state/license-status';

const REMOVAL_REASON = 'customer removed';

/** Removes customers: licensing does it, for their licenses must be revoked first. */
@Injectable()
export class CustomerRemovalService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly customers: CustomersService,
    private readonly audit: AuditLog,
    private readonly changes: LicenseChanges,
    private readonly endings: ActivationEndings,
  ) {}

  /**
   * Keeps only the id of the customer, and removes its personal data from every row, also from stored tokens and
   * remembered answers. Its activations end, and lose their names. The hashes of tokens stay, so that they still answer REVOKED.
   * @param revokeLicenses revokes the customer's remaining licenses in the same transaction; without it they are a
   * refusal
   * @param precondition on the customer before it is removed
   * @throws CustomerNotFound, CustomerHasLicenses
   */
  async remove(
    actor: Actor,
    id: string,
    revokeLicenses: boolean,
    precondition: Precondition<Customer> = NO_PRECONDITION,
  ): Promise<void> {
    let revoked = 0;
    // Returns nothing: what the transaction returns is the answer, which an idempotent route remembers in it.
    await transaction(this.dataSource, async (tx) => {
      precondition(await this.customers.lock(tx, id));
      const live = await lockRows(tx, License, {
        select: { id: true, module_name: true },
        where: {
          customer_id: Raw((column) => isExactlySql(column, ':id'), { id }),
          stored_status: Not('revoked'),
        },
      });
      if (live.length > 0 && !revokeLicenses) throw new CustomerHasLicenses(id, live.length);
      await tx.query(
        `UPDATE licenses SET status = 'revoked', revoked_at = clock_timestamp(), revoked_reason = $2,
                             version = version + 1, updated_at = clock_timestamp()
         WHERE ${isExactlySql('customer_id', '$1')} AND ${notRevokedSql('licenses')}`,
        [id, REMOVAL_REASON],
      );
      await tx.query(`UPDATE licenses SET token = NULL WHERE ${isExactlySql('customer_id', '$1')}`, [id]);
      const seated = await tx.query<{ id: string }[]>(
        `SELECT l.id FROM licenses AS l JOIN license_seats AS s ON s.license_id = l.id
         WHERE ${isExactlySql('l.customer_id', '$1')} ORDER BY l.id`,
        [id],
      );
      await this.endings.ofCustomer(
        tx,
        actor,
        id,
        seated.map((license) => license.id),
      );
      const revocations = live.map((license) => ({
        type: 'license.revoked' as const,
        actor,
        licenseId: license.id,
        customerId: id,
        moduleName: license.module_name,
        data: { reason: REMOVAL_REASON },
      }));
      if (revocations.length > 0) await this.audit.append(tx, ...revocations);
      await this.customers.softDelete(tx, actor, id);
      // Last: every change of these licenses that was under way is through, and its answer remembered, by now.
      await forgetAnswersAbout(tx, id);
      revoked = live.length;
    });
    this.changes.count('revoked', revoked);
  }
}
