import { NO_PRECONDITION, type Precondition } from '@aegis/access';
import {
  type GivenSeatNumbers,
  readSeatsInUse,
  type SeatsInUse,
  SeatsNotCounted,
  SeatTermsStore,
  seatsWith,
} from '@aegis/activations';
import { type Actor, AuditLog } from '@aegis/audit';
import { transaction } from '@aegis/database';
import { Injectable } from '@nestjs/common';
import { isDeepStrictEqual } from 'node:util';
import { DataSource } from 'typeorm';
import { LicensingService } from '../issue/licensing.service';
import { LicenseChanges } from '../license-changes';
import { LicenseLock } from '../license-lock';
import type { License } from '../license.entity';

/** Seats as they are answered: with what the tag of their license says. */
export type LicenseSeatsNow = SeatsInUse & Pick<License, 'version' | 'customer_version' | 'status'>;

/** Reads the seats of licenses, and changes their numbers without a new token. */
@Injectable()
export class LicenseSeatsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
    private readonly licensing: LicensingService,
    private readonly licenses: LicenseLock,
    private readonly seats: SeatTermsStore,
    private readonly changes: LicenseChanges,
  ) {}

  /**
   * The seats of a license and who is in them now, by the database's clock.
   * @throws LicenseNotFound, SeatsNotCounted
   */
  async read(id: string): Promise<LicenseSeatsNow> {
    // First the license: a tag that is older than the seats refuses a change, a newer one would hide another's change.
    const license = await this.licensing.find(id);
    const seats = await readSeatsInUse(this.dataSource, license.id);
    if (!seats) throw new SeatsNotCounted(license.id);
    return tagged(seats, license);
  }

  /**
   * Changes the numbers; what is absent stays. Nobody loses a seat by it: where fewer are allowed than are in use, new
   * ones are refused until there is room.
   * @param precondition on the license before the change
   * @throws LicenseNotFound, SeatsNotCounted, InvalidSeats
   */
  async change(
    actor: Actor,
    id: string,
    numbers: GivenSeatNumbers,
    precondition: Precondition<License> = NO_PRECONDITION,
  ): Promise<LicenseSeatsNow> {
    const { answer, isChanged } = await transaction(this.dataSource, async (tx) => {
      const license = await this.licenses.take(tx, id);
      precondition(license);
      const before = await this.seats.take(tx, license.id);
      if (before === null) throw new SeatsNotCounted(license.id);
      const after = seatsWith(before, numbers);
      const isChanged = !isDeepStrictEqual(before, after);
      const changed = isChanged ? await this.licenses.update(tx, license, {}) : license;
      if (isChanged) {
        await this.seats.write(tx, { id: license.id, seats: after });
        await this.audit.append(tx, {
          type: 'license.seats_changed',
          actor,
          licenseId: license.id,
          customerId: license.customer_id,
          moduleName: license.module_name,
          data: { before, after },
        });
      }
      const seats = await readSeatsInUse(tx, license.id);
      if (!seats) throw new SeatsNotCounted(license.id);
      return { answer: tagged(seats, changed), isChanged };
    });
    if (isChanged) this.changes.count('seats_changed');
    return answer;
  }
}

function tagged(seats: SeatsInUse, { version, customer_version, status }: License): LicenseSeatsNow {
  return { ...seats, version, customer_version, status };
}
