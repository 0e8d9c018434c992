import {
  ActivationEnded,
  ActivationNotFound,
  type Admissions,
  DEFAULT_LEASE_SECONDS,
  DEFAULT_OFFLINE_DAYS,
  Heartbeats,
  type HeldRow,
  type SeatAct,
} from '@aegis/activations';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { SeatOnRecord } from './heartbeat-look-up';
import type { TokenForSeat } from './seat-judge';
import { SEAT_ADMISSIONS } from './seat-admissions';

/** A lease that is over is renewed only by a new admission of the same fingerprint in the same moment: not often. */
const ATTEMPTS = 5;

/** Renews leases. That one is over is answered only when that is on record. */
@Injectable()
export class LeaseRenewal {
  private readonly heartbeats: Heartbeats;

  constructor(
    dataSource: DataSource,
    @Inject(SEAT_ADMISSIONS) private readonly admissions: Admissions<TokenForSeat>,
  ) {
    this.heartbeats = new Heartbeats(dataSource);
  }

  /**
   * @param row of an activation that is known to be the caller's, and whose license is valid
   * @returns the renewed row
   * @throws ActivationEnded; ActivationNotFound where it was purged meanwhile
   */
  async renew(act: SeatAct, row: SeatOnRecord, withToken: boolean): Promise<HeldRow> {
    const { activation_id: activationId, ended_at, ended_by } = row;
    if (activationId === null) throw new ActivationNotFound();
    if (ended_at !== null && ended_by !== null) throw new ActivationEnded(ended_by, ended_at);
    const beat = {
      activationId,
      withToken,
      leaseSeconds: row.lease_seconds ?? DEFAULT_LEASE_SECONDS,
      offlineDays: row.offline_days ?? DEFAULT_OFFLINE_DAYS,
    };
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const renewed = await this.heartbeats.renew(beat);
      if (renewed !== null) return renewed;
      const ended = await this.admissions.lapse(act, activationId);
      if (ended === null) throw new ActivationNotFound();
      if (ended.ended_at !== null && ended.ended_by !== null)
        throw new ActivationEnded(ended.ended_by, ended.ended_at);
    }
    throw new Error('an activation must either be renewed or have ended');
  }
}
