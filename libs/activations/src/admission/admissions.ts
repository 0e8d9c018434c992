import type { AuditLog } from '@aegis/audit';
import {
  MicroBatch,
  sentTogether,
  sharedTransaction,
  sqlState,
  SqlState,
  transaction,
} from '@aegis/database';
import { DomainError } from '@aegis/errors';
import type { Verdict } from '@aegis/license-token';
import type { ActivationPlaces } from '@aegis/status-lists';
import type { DataSource, EntityManager } from 'typeorm';
import type { ActivationRow, HeldRow } from '../activation-rows';
import { LicenseNotValid } from '../activations.errors';
import { SeatsNotCounted } from '../seats/seats.errors';
import { readSeat, type SeatEnd } from './end-seat';
import { type Lapse, lapseTogether } from './lapse-together';
import { type CountedSeats, lockFreeSeats, lockSeats, readCountedSeats } from './seat-accounts';
import { SeatLines } from './seat-lines';
import { knownFingerprints } from './seat-look-ups';
import { type SeatAct, type SeatApplicant, type SeatOutcome, SeatRound } from './seat-round';
import { SeatWrites } from './seat-writes';

/** What a presented license token is worth at the moment of an admission. */
export interface SeatJudgement {
  readonly verdict: Verdict;
  /** The newest token of the license, where the presented one is outdated. */
  readonly licenseToken: string | null;
}

/**
 * Judges license tokens in the transaction of an admission, in one statement that it sends at once: the lock of the seat
 * row was asked for before it.
 * @returns one for each, in the same order
 */
export type JudgeTokens<Presented> = (
  tx: EntityManager,
  presented: readonly Presented[],
) => Promise<readonly SeatJudgement[]>;

/** A request for a seat. */
export interface SeatApplication<Presented> extends SeatApplicant {
  readonly presented: Presented;
}

/** A seat that is held, durably. */
export interface SeatGiven {
  readonly row: HeldRow;
  /** False where the fingerprint held it before. */
  readonly isNew: boolean;
  readonly licenseToken: string | null;
}

/** Something that is done under the lock of a seat row. */
type Operation<Presented> =
  | { readonly kind: 'admit'; readonly application: SeatApplication<Presented> }
  | { readonly kind: 'end'; readonly act: SeatAct; readonly end: SeatEnd }
  | { readonly kind: 'lapse'; readonly act: SeatAct; readonly id: string };

type Result = SeatGiven | ActivationRow | DomainError | null;

/** Before what was written is read back. */
type Outcome =
  | { readonly refusal: DomainError }
  | { readonly id: string; readonly isNew: boolean; readonly judgement: SeatJudgement };

/** It needs to wait, to read more than those may that share a transaction with others, or a further transaction. */
const LATER = Symbol('later');

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
  private readonly lines: SeatLines<Operation<Presented>, Result | typeof LATER>;

  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
    private readonly judge: JudgeTokens<Presented>,
    private readonly places: ActivationPlaces,
  ) {
    this.lines = new SeatLines((licenseId, operations) =>
      sharedTransaction(dataSource, (tx) => this.inTurn(tx, licenseId, operations)),
    );
  }

  /**
   * Gives the fingerprint a seat, or renews the one that it holds. Durable when it returns.
   * @throws LicenseNotValid, SeatsNotCounted, SeatsExhausted, MovesExhausted
   */
  async admit(application: SeatApplication<Presented>): Promise<SeatGiven> {
    const { licenseId } = application.subject;
    let result: Result | typeof LATER = LATER;
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
    let result: Result | typeof LATER | undefined = LATER;
    while (result === LATER)
      [result] = await transaction(this.dataSource, (tx) =>
        this.inTurn(tx, licenseId, [{ kind: 'admit', application }]),
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
      const [row] = await this.inTurn(tx, act.subject.licenseId, [{ kind: 'end', act, end }]);
      return row as ActivationRow | null;
    });
  }

  private async admitTogether(
    applications: readonly SeatApplication<Presented>[],
  ): Promise<(SeatGiven | DomainError | typeof LATER)[]> {
    const outcomes = await this.together((tx) => this.admitFree(tx, applications));
    return outcomes ?? applications.map(() => LATER);
  }

  private async lapseTogether(lapses: readonly Lapse[]): Promise<(ActivationRow | null | typeof LATER)[]> {
    const rows = await this.together((tx) => lapseTogether(tx, lapses, this.audit, this.places));
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

  /** Decides those of licenses that nobody has locked, as far as nothing has to be looked up. */
  private async admitFree(
    tx: EntityManager,
    applications: readonly SeatApplication<Presented>[],
  ): Promise<(SeatGiven | DomainError | typeof LATER)[]> {
    const licenseIds = [...new Set(applications.map(({ subject }) => subject.licenseId))];
    // Sent together, in this order: what is read is read after the locks were taken.
    const [free, { now, seats }, judgements, known] = await sentTogether(
      lockFreeSeats(tx, licenseIds),
      readCountedSeats(tx, licenseIds),
      this.judge(tx, presentedBy(applications)),
      knownFingerprints(tx, applications.map(asked)),
    );
    const writes = new SeatWrites(tx, this.audit, this.places);
    const rounds = new Map<string, SeatRound>();
    for (const [licenseId, counted] of seats)
      if (free.has(licenseId)) rounds.set(licenseId, new SeatRound(tx, licenseId, counted, now, writes));
    applications.forEach(({ subject, fp }, index) =>
      rounds.get(subject.licenseId)?.know(fp, given(known[index])),
    );
    const outcomes: (Outcome | typeof LATER)[] = [];
    for (const [index, application] of applications.entries()) {
      const { licenseId } = application.subject;
      const judgement = given(judgements[index]);
      const refusal = refusedBefore(licenseId, judgement, seats.get(licenseId));
      const round = rounds.get(licenseId);
      if (refusal !== null) outcomes.push({ refusal });
      else if (round?.decidesAtOnce(application) === true)
        outcomes.push(outcomeOf(await round.apply(application), judgement));
      else {
        // Those behind it keep their places.
        rounds.delete(licenseId);
        outcomes.push(LATER);
      }
    }
    await writes.finish();
    return outcomes.map((outcome) => (outcome === LATER ? LATER : resultOf(outcome, writes)));
  }

  /** Does all that waits in the line of a license, in its order. */
  private async inTurn(
    tx: EntityManager,
    licenseId: string,
    operations: readonly Operation<Presented>[],
  ): Promise<(Result | typeof LATER)[]> {
    const applications = operations.flatMap((operation) =>
      operation.kind === 'admit' ? [operation.application] : [],
    );
    const none = applications.length === 0;
    // Sent together, in this order: what is read is read after the lock was taken.
    const [, { now, seats }, judgements, known] = await sentTogether(
      lockSeats(tx, [licenseId]),
      readCountedSeats(tx, [licenseId]),
      none ? Promise.resolve([]) : this.judge(tx, presentedBy(applications)),
      none ? Promise.resolve([]) : knownFingerprints(tx, applications.map(asked)),
    );
    const counted = seats.get(licenseId);
    const writes = new SeatWrites(tx, this.audit, this.places);
    const round = counted && new SeatRound(tx, licenseId, counted, now, writes);
    applications.forEach(({ fp }, index) => round?.know(fp, given(known[index])));
    const judgementOf = new Map(
      applications.map((application, index) => [application, given(judgements[index])]),
    );
    const results: (Outcome | ActivationRow | typeof LATER | null)[] = [];
    for (const operation of operations) {
      if (operation.kind === 'end') results.push((await round?.end(operation.act, operation.end)) ?? null);
      else if (operation.kind === 'lapse')
        results.push((await round?.lapse(operation.act, operation.id)) ?? null);
      else {
        const { application } = operation;
        const judgement = given(judgementOf.get(application));
        const refusal = refusedBefore(licenseId, judgement, counted);
        if (refusal !== null || !round) results.push({ refusal: refusal ?? new SeatsNotCounted(licenseId) });
        else results.push(outcomeOf(await round.apply(application), judgement));
      }
    }
    await writes.finish();
    return results.map((result) =>
      result === null || result === LATER || 'license_id' in result ? result : resultOf(result, writes),
    );
  }
}

function refusedBefore(
  licenseId: string,
  { verdict }: SeatJudgement,
  seats: CountedSeats | undefined,
): DomainError | null {
  if (!verdict.valid) return new LicenseNotValid(verdict);
  return seats?.counted === true ? null : new SeatsNotCounted(licenseId);
}

function outcomeOf(outcome: SeatOutcome, judgement: SeatJudgement): Outcome | typeof LATER {
  return outcome === null ? LATER : { ...outcome, judgement };
}

function resultOf(outcome: Outcome, writes: SeatWrites): SeatGiven | DomainError {
  if ('refusal' in outcome) return outcome.refusal;
  const { id, isNew, judgement } = outcome;
  return { row: given(writes.rows.get(id)), isNew, licenseToken: judgement.licenseToken };
}

function presentedBy<Presented>(applications: readonly SeatApplication<Presented>[]): Presented[] {
  return applications.map(({ presented }) => presented);
}

function asked({ subject, fp }: SeatApplicant): { licenseId: string; fp: Buffer } {
  return { licenseId: subject.licenseId, fp };
}

function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('each that is asked about must be answered');
  return value;
}
