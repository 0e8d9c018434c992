import { lockRow } from '@aegis/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager, QueryDeepPartialEntity } from 'typeorm';
import { License } from './license.entity';
import { LicenseNotFound } from './licensing.errors';

/** Changes of a license lock its row first, so that there is one order of them. */
@Injectable()
export class LicenseLock {
  /**
   * Locks the license against every other change until the transaction ends.
   * @throws LicenseNotFound
   */
  async take(tx: EntityManager, id: string): Promise<License> {
    const license = await lockRow(tx, License, { id });
    if (!license) throw new LicenseNotFound(id);
    return license;
  }

  /**
   * Writes fields of a locked license and counts the change.
   * @returns the license as it is now
   */
  async update(
    tx: EntityManager,
    license: License,
    fields: QueryDeepPartialEntity<License>,
  ): Promise<License> {
    await tx.update(License, license.id, {
      ...fields,
      version: license.version + 1,
      updated_at: () => 'clock_timestamp()',
    });
    return tx.findOneByOrFail(License, { id: license.id });
  }
}
