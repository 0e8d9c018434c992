import { MicroBatch, sharedTransaction, sqlState, SqlState, transaction } from '@aegis/database';
import { DomainError } from '@aegis/errors';
import type { DataSource, EntityManager } from 'typeorm';
import type { ActivationRow } from '../activation-rows';
import { type AdmissionTools, LATER, type SeatApplication, type SeatGiven } from './admission-outcomes';
import { admitFree } from './admit-free';
import { admitInTurn, type SeatOperation, type SeatResult } from './admit-in-turn';
import { readSeat, type SeatEnd } from './end-seat';
import { type Lapse, lapseTogether } from './lapse-together';
import type { SeatAct } from './seat-applicant';
import { SeatLines } from './seat-lines';

/**
 * Gives seats and ends them: each under the lock of the license's seat row, on any number of servers. Admissions to
 * licenses that nobody else has locked share a transaction; where one would have to wait, or to look something up, it
 * joins the line of its license, which has one transaction at a time and decides all that wait in it.
 */
export class Admissions<Presented> {
  private readonly shared = new MicroBatch<
    SeatApplication<Presented>,
    SeatGiven | DomainError | typeof LATER
  >((applications) => this.admitTogether(applications), {
    name: 'admissions',
    maxSize: 100,
    maxConcurrent: 3,
  });
  private readonly lapses = new MicroBatch<Lapse, ActivationRow | null | typeof LATER>(
    (lapses) => this.lapseTogether(lapses),
    { name: 'lapses', maxSize: 200, maxConcurrent: 2 },
  );
  private readonly lines: SeatLines<SeatOperation<Presented>, SeatResult | typeof LATER>;

  constructor(
    private readonly dataSource: DataSource,
    private readonly tools: AdmissionTools<Presented>,
  ) {
    this.lines = new SeatLines((licenseId, operations) =>
      sharedTransaction(dataSource, (tx) => admitInTurn(tx, licenseId, operations, this.tools)),
    );
  }

  /**
   * Gives the fingerprint a seat, or renews the one that it holds. Durable when it returns.
   * @throws LicenseNotValid, SeatsNotCounted, SeatsExhausted, MovesExhausted
   */
  async admit(application: SeatApplication<Presented>): Promise<SeatGiven> {
    const { licenseId } = application.subject;
    let result: SeatResult | typeof LATER = LATER;
    if (!this.lines.has(licenseId)) result = await this.shared.add(application);
    while (result === LATER) result = await this.lines.add(licenseId, { kind: 'admit', application });
    if (result instanceof DomainError) throw result;
    return result as SeatGiven;
  }

  /**
   * The same for the vendor, in a transaction of its own, in which the caller of the request is judged again.
   * @throws as `admit`
   */
  async admitFor(application: SeatApplication<Presented>): Promise<SeatGiven> {
    const { licenseId } = application.subject;
    let result: SeatResult | typeof LATER | undefined = LATER;
    while (result === LATER)
      [result] = await transaction(this.dataSource, (tx) =>
        admitInTurn(tx, licenseId, [{ kind: 'admit', application }], this.tools),
      );
    if (result instanceof DomainError) throw result;
    return result as SeatGiven;
  }

  /** @returns null where the license has no such activation */
  find(licenseId: string, id: string): Promise<ActivationRow | null> {
    return readSeat(this.dataSource.manager, licenseId, id);
  }

  /**
   * Gives a seat back.
   * @returns the row, as it is now; null where the license has no such activation
   */
  release(act: SeatAct, id: string): Promise<ActivationRow | null> {
    const end: SeatEnd = { id, by: 'released', reason: null };
    return this.lines.add(act.subject.licenseId, { kind: 'end', act, end }) as Promise<ActivationRow | null>;
  }

  /**
   * Puts on record that the lease of an activation is over, if it is.
   * @returns the row, as it is now; null where the license has no such activation
   */
  async lapse(act: SeatAct, id: string): Promise<ActivationRow | null> {
    const { licenseId } = act.subject;
    const row = this.lines.has(licenseId) ? LATER : await this.lapses.add({ act, id });
    if (row !== LATER) return row;
    return (await this.lines.add(licenseId, { kind: 'lapse', act, id })) as ActivationRow | null;
  }

  /**
   * Ends an activation for the vendor. The caller of the request is judged again.
   * @param reason 1–500 characters
   * @returns the row, as it is now; null where the license has no such activation
   */
  end(act: SeatAct, id: string, reason: string): Promise<ActivationRow | null> {
    const end: SeatEnd = { id, by: 'ended', reason };
    return transaction(this.dataSource, async (tx) => {
      const [row] = await admitInTurn(tx, act.subject.licenseId, [{ kind: 'end', act, end }], this.tools);
      return row as ActivationRow | null;
    });
  }

  private async admitTogether(
    applications: readonly SeatApplication<Presented>[],
  ): Promise<(SeatGiven | DomainError | typeof LATER)[]> {
    const outcomes = await this.together((tx) => admitFree(tx, applications, this.tools));
    return outcomes ?? applications.map(() => LATER);
  }

  private async lapseTogether(lapses: readonly Lapse[]): Promise<(ActivationRow | null | typeof LATER)[]> {
    const rows = await this.together((tx) => lapseTogether(tx, lapses, this.tools.audit, this.tools.places));
    return lapses.map((_, index) => {
      const row = rows?.[index];
      return row === undefined ? LATER : row;
    });
  }

  /** @returns null where somebody has locked the activation of one of them for long: that must not refuse the others */
  private async together<T>(work: (tx: EntityManager) => Promise<T>): Promise<T | null> {
    try {
      return await sharedTransaction(this.dataSource, work);
    } catch (error) {
      if (sqlState(error) !== SqlState.lockNotAvailable) throw error;
      return null;
    }
  }
}
