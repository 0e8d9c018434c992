import {
  ActivationBusy,
  ActivationEnded,
  ActivationNotFound,
  type Admissions,
  DEFAULT_LEASE_SECONDS,
  DEFAULT_OFFLINE_DAYS,
  type Heartbeat,
  Heartbeats,
  type HeldRow,
  type SeatAct,
} from '@aegis/activations';
import { sqlState, SqlState } from '@aegis/database';
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
   * @param act whose it is, and the license
   * @param row of an activation that is known to be the caller's, and whose license is valid
   * @returns the renewed row
   * @throws ActivationEnded; ActivationNotFound where it was purged meanwhile
   */
  async renew(act: SeatAct, row: SeatOnRecord, withToken: boolean): Promise<HeldRow> {
    const beat = beatOf(row, withToken);
    return this.renewedOrEnded(act, beat, await this.heartbeats.renew(beat), () =>
      this.heartbeats.renew(beat),
    );
  }

  /**
   * Renews many leases for the caller of a request, who is judged again in each transaction.
   * @param holders as of `renew`
   * @returns for each, in the same order, the renewed row or what `renew` throws
   * @throws CallerRefused, CallerNarrowed
   */
  async renewForCaller(
    holders: readonly { readonly act: SeatAct; readonly row: SeatOnRecord }[],
    withToken: boolean,
  ): Promise<(HeldRow | ActivationEnded | ActivationNotFound | ActivationBusy)[]> {
    const beats = holders.map(({ row }) => beatOf(row, withToken));
    const renewed = await this.heartbeats.renewForCaller(beats);
    return Promise.all(
      holders.map(async ({ act }, index) => {
        const beat = beats[index];
        if (!beat) throw new Error('each holder must have a heartbeat');
        const first = renewed[index] ?? null;
        if (first instanceof ActivationBusy) return first;
        try {
          return await this.renewedOrEnded(act, beat, first, () => this.renewAgainForCaller(beat));
        } catch (error) {
          if (isOfOne(error)) return error;
          if (sqlState(error) === SqlState.lockNotAvailable) return new ActivationBusy();
          throw error;
        }
      }),
    );
  }

  private async renewAgainForCaller(beat: Heartbeat): Promise<HeldRow | null> {
    const [row] = await this.heartbeats.renewForCaller([beat]);
    if (row instanceof ActivationBusy) throw row;
    return row ?? null;
  }

  private async renewedOrEnded(
    act: SeatAct,
    { activationId }: Heartbeat,
    first: HeldRow | null,
    again: () => Promise<HeldRow | null>,
  ): Promise<HeldRow> {
    let renewed = first;
    for (let attempt = 1; renewed === null; attempt += 1) {
      if (attempt > ATTEMPTS) throw new Error('an activation must either be renewed or have ended');
      const ended = await this.admissions.lapse(act, activationId);
      if (ended === null) throw new ActivationNotFound();
      if (ended.ended_at !== null && ended.ended_by !== null)
        throw new ActivationEnded(ended.ended_by, ended.ended_at);
      renewed = await again();
    }
    return renewed;
  }
}

/** Whether it says something about one activation, and nothing about the others of a batch. */
function isOfOne(error: unknown): error is ActivationEnded | ActivationNotFound | ActivationBusy {
  return (
    error instanceof ActivationEnded || error instanceof ActivationNotFound || error instanceof ActivationBusy
  );
}

/** @throws ActivationEnded, ActivationNotFound as the row says */
function beatOf(row: SeatOnRecord, withToken: boolean): Heartbeat {
  const { activation_id: activationId, ended_at, ended_by } = row;
  if (activationId === null) throw new ActivationNotFound();
  if (ended_at !== null && ended_by !== null) throw new ActivationEnded(ended_by, ended_at);
  return {
    activationId,
    withToken,
    leaseSeconds: row.lease_seconds ?? DEFAULT_LEASE_SECONDS,
    offlineDays: row.offline_days ?? DEFAULT_OFFLINE_DAYS,
  };
}
