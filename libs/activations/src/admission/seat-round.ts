import type { AuditEntry } from '@aegis/audit';
import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { ActivationRow } from '../activation-rows';
import { MovesExhausted, type SeatHolder, SeatsExhausted } from '../activations.errors';
import { DEFAULT_LEASE_SECONDS, DEFAULT_OFFLINE_DAYS } from '../seats/seat-terms';
import { decideSeat, fileEnd, type LookUp, type SeatAccount, type SeatDecision } from './decide-seat';
import { endSeat, readSeat, type SeatEnd } from './end-seat';
import type { CountedSeats } from './seat-accounts';
import type { SeatAct, SeatApplicant, SeatOutcome } from './seat-applicant';
import {
  countNewcomers,
  type EndedSeat,
  findVictim,
  type KnownFingerprint,
  lapseAll,
  lapseOne,
  readOwn,
  seatHolders,
} from './seat-look-ups';
import type { SeatWrites } from './seat-writes';

type Admitted = Extract<SeatDecision, { kind: 'admitted' }>;
type Refused = Extract<SeatDecision, { kind: 'refused' }>;

const HOUR_MS = 60 * 60 * 1000;

/**
 * What is decided about one license in one transaction, which has the lock of its seat row: one after the other, each as
 * the previous ones left it.
 */
export class SeatRound {
  private account: SeatAccount;
  private readonly known = new Map<string, KnownFingerprint>();
  private refusalRecordedAt: Date | null;
  private holders?: Promise<SeatHolder[]>;
  private moreLapses = false;

  constructor(
    private readonly tx: EntityManager,
    private readonly licenseId: string,
    private readonly seats: CountedSeats,
    /** The database's clock, read after the lock was taken. */
    private readonly now: Date,
    private readonly writes: SeatWrites,
  ) {
    this.account = seats.account;
    this.refusalRecordedAt = seats.refusalRecordedAt;
  }

  /** Notes what is on record of a fingerprint that asks; what was decided about it since outranks it. */
  know(fp: Buffer, known: KnownFingerprint): void {
    if (!this.known.has(keyOf(fp))) this.known.set(keyOf(fp), known);
  }

  /** Whether nothing needs to be looked up, so that no other license has to wait for it. */
  decidesAtOnce(applicant: SeatApplicant): boolean {
    const decision = this.decide(applicant);
    return decision.kind !== 'look-up' && (decision.kind !== 'refused' || !this.account.takeOver);
  }

  /** Gives an applicant a seat, or refuses it. */
  async apply(applicant: SeatApplicant): Promise<SeatOutcome> {
    let victim: { id: string; fp: Buffer } | null | undefined;
    for (;;) {
      const decision = this.decide(applicant, victim);
      switch (decision.kind) {
        case 'look-up':
          if (decision.what === 'lapses' && this.moreLapses) return null;
          await this.writes.flush();
          if (decision.what === 'victim')
            victim = await findVictim(this.tx, this.licenseId, applicant.takeOver ?? '', this.now);
          else await this.lookUp(decision.what, applicant);
          break;
        case 'renewed':
          return this.renew(applicant);
        case 'admitted':
          if (victim && decision.takenOver !== null) await this.endVictim(applicant, victim);
          return this.admit(applicant, decision);
        case 'refused':
          return { refusal: await this.refuse(applicant, decision) };
      }
    }
  }

  /**
   * Ends an activation, and puts it on record.
   * @returns its row, as it is now; null where the license has no such activation
   */
  async end(act: SeatAct, end: SeatEnd): Promise<ActivationRow | null> {
    await this.writes.flush();
    const ended = await endSeat(this.tx, this.licenseId, end, this.now);
    if (ended === null) return readSeat(this.tx, this.licenseId, end.id);
    this.forget(ended.fp);
    this.keep({ ...this.account, open: this.account.open - 1 });
    const reason = ended.ended_by !== 'lease' && end.reason !== null ? { reason: end.reason } : {};
    this.record(act, 'activation.ended', {
      activation_id: ended.id,
      ended_by: ended.ended_by,
      ended_at: ended.ended_at,
      ...reason,
    });
    return ended;
  }

  /**
   * Puts the lapse of an activation on record, if its lease is over.
   * @returns its row, as it is now; null where the license has no such activation
   */
  async lapse(act: SeatAct, id: string): Promise<ActivationRow | null> {
    await this.writes.flush();
    const ended = await lapseOne(this.tx, id, this.now);
    if (ended !== null) this.noteLapses(act, [ended]);
    return readSeat(this.tx, this.licenseId, id);
  }

  /** Puts activations on record that ended because their leases are over. */
  noteLapses(act: SeatAct, ended: readonly EndedSeat[]): void {
    for (const { id, fp, endedAt } of ended) {
      this.forget(fp);
      this.record(act, 'activation.ended', { activation_id: id, ended_by: 'lease', ended_at: endedAt });
    }
    this.keep({ ...this.account, open: this.account.open - ended.length });
  }

  private decide(applicant: SeatApplicant, victim?: { id: string } | null): SeatDecision {
    const known = this.known.get(keyOf(applicant.fp));
    if (!known) throw new Error('what is on record of a fingerprint must be read before it is decided');
    const { takeOver, fileDays } = applicant;
    return decideSeat(
      this.account,
      { ...known, takeOver, fileDays, ...(victim !== undefined && { victim }) },
      this.now,
    );
  }

  private async lookUp(what: Exclude<LookUp, 'victim'>, applicant: SeatApplicant): Promise<void> {
    const { tx, now, licenseId } = this;
    if (what === 'own-lapse') await this.lapseOwn(applicant);
    else if (what === 'lapses') {
      const { ended, noLapseBefore } = await lapseAll(tx, licenseId, now);
      this.moreLapses = ended.length > 0;
      this.noteLapses(applicant, ended);
      this.keep({ ...this.account, noLapseBefore });
    } else this.keep({ ...this.account, ...(await countNewcomers(tx, licenseId, now)) });
  }

  private async lapseOwn(applicant: SeatApplicant): Promise<void> {
    const known = this.known.get(keyOf(applicant.fp));
    if (!known?.own) throw new Error('an activation that lapses must be on record');
    const ended = await lapseOne(this.tx, known.own.id, this.now);
    if (ended !== null) this.noteLapses(applicant, [ended]);
    // A heartbeat was faster.
    else this.known.set(keyOf(applicant.fp), { ...known, own: await readOwn(this.tx, known.own.id) });
  }

  private async endVictim(act: SeatAct, victim: { id: string; fp: Buffer }): Promise<void> {
    const end = { id: victim.id, by: 'taken_over', reason: null } as const;
    if ((await endSeat(this.tx, this.licenseId, end, this.now)) === null)
      throw new Error('an activation that is taken over must be live');
    this.forget(victim.fp);
    this.record(act, 'activation.taken_over', { activation_id: victim.id });
  }

  private renew(applicant: SeatApplicant): SeatOutcome {
    const { fp, name } = applicant;
    const own = this.known.get(keyOf(fp))?.own;
    if (!own) throw new Error('an activation that is renewed must be on record');
    const offlineUntil = this.fileEnd(applicant);
    this.writes.renew({ id: own.id, name, now: this.now, offlineUntil, ...this.lengths() });
    if (offlineUntil !== null) this.recordFile(applicant, own.id, offlineUntil);
    return { id: own.id, isNew: false };
  }

  private admit(applicant: SeatApplicant, decision: Admitted): SeatOutcome {
    const id = randomUUID();
    const { fp, name } = applicant;
    const { over, fence, leaseEndsAt, takenOver, after } = decision;
    const { mode } = this.account;
    this.writes.admit({
      ...{ id, licenseId: this.licenseId, fp, name, mode, over, fence, leaseEndsAt },
      now: this.now,
      offlineUntil: this.fileEnd(applicant),
      ...this.lengths(),
    });
    this.keep(after);
    this.writes.days.admitted(this.licenseId, this.now, after.open);
    this.known.set(keyOf(fp), { own: { id, leaseEndsAt }, isReturning: true });
    const instead = takenOver === null ? {} : { taken_over: takenOver };
    this.record(applicant, 'activation.admitted', { activation_id: id, mode, over, fence, ...instead });
    const offlineUntil = this.fileEnd(applicant);
    if (offlineUntil !== null) this.recordFile(applicant, id, offlineUntil);
    return { id, isNew: true };
  }

  private fileEnd({ fileDays }: SeatApplicant): Date | null {
    return fileDays === undefined ? null : fileEnd(fileDays, this.now);
  }

  private recordFile(act: SeatAct, id: string, until: Date): void {
    this.record(act, 'activation.file_made', { activation_id: id, offline_until: until });
  }

  private async refuse(act: SeatAct, { why, ...used }: Refused): Promise<SeatsExhausted | MovesExhausted> {
    const { now, refusalRecordedAt: before } = this;
    this.writes.days.refused(this.licenseId, now, this.account.open);
    if (before === null || now.getTime() - before.getTime() >= HOUR_MS) {
      this.refusalRecordedAt = now;
      this.writes.noteRefusal(this.licenseId, now);
      this.keep(this.account);
      this.record(act, 'activation.refused', { code: why, limit: used.limit, in_use: used.inUse });
    }
    if (why === 'moves_exhausted') return new MovesExhausted(used);
    if (!this.account.takeOver) return new SeatsExhausted(used);
    await this.writes.flush();
    return new SeatsExhausted(used, await this.readHolders());
  }

  /** Once per round: what changes meanwhile is only a proposal of whom to take over. */
  private readHolders(): Promise<SeatHolder[]> {
    return (this.holders ??= seatHolders(this.tx, this.licenseId, this.now));
  }

  /** An activation of another mode than the license now has keeps its mode, with the lengths of a license that says nothing. */
  private lengths(): { leaseSeconds: number; offlineDays: number } {
    return {
      leaseSeconds: this.account.leaseSeconds ?? DEFAULT_LEASE_SECONDS,
      offlineDays: this.seats.offlineDays ?? DEFAULT_OFFLINE_DAYS,
    };
  }

  private keep(account: SeatAccount): void {
    this.account = account;
    this.writes.keep(this.licenseId, account);
  }

  /** A fingerprint no longer holds a seat. */
  private forget(fp: Buffer): void {
    const known = this.known.get(keyOf(fp));
    if (known) this.known.set(keyOf(fp), { ...known, own: null });
  }

  private record(
    { actor, subject }: SeatAct,
    type: AuditEntry['type'],
    data: Readonly<Record<string, unknown>>,
  ): void {
    this.writes.record({ type, actor, ...subject, data });
  }
}

function keyOf(fp: Buffer): string {
  return fp.toString('latin1');
}
