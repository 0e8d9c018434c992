import type { AuditLog } from '@aegis/audit';
import type { DomainError } from '@aegis/errors';
import type { Verdict } from '@aegis/license-token';
import type { ActivationPlaces } from '@aegis/status-lists';
import type { EntityManager } from 'typeorm';
import type { HeldRow } from '../activation-rows';
import { LicenseNotValid } from '../activations.errors';
import { SeatsNotCounted } from '../seats/seats.errors';
import type { CountedSeats } from './seat-accounts';
import type { SeatApplicant, SeatOutcome } from './seat-applicant';
import type { SeatWrites } from './seat-writes';

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

/** What decisions about seats are made with. */
export interface AdmissionTools<Presented> {
  readonly judge: JudgeTokens<Presented>;
  readonly audit: AuditLog;
  readonly places: ActivationPlaces;
}

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

/** Before what was written is read back. */
export type AdmissionOutcome =
  | { readonly refusal: DomainError }
  | { readonly id: string; readonly isNew: boolean; readonly judgement: SeatJudgement };

/** It needs to wait, to read more than those may that share a transaction with others, or a further transaction. */
export const LATER = Symbol('later');

/** @returns why an application is refused before its seat is looked for; null where it is not */
export function refusedBefore(
  licenseId: string,
  { verdict }: SeatJudgement,
  seats: CountedSeats | undefined,
): DomainError | null {
  if (!verdict.valid) return new LicenseNotValid(verdict);
  return seats?.counted === true ? null : new SeatsNotCounted(licenseId);
}

/** @returns what was decided about an application, with what its token is worth */
export function judgedOutcome(
  outcome: SeatOutcome,
  judgement: SeatJudgement,
): AdmissionOutcome | typeof LATER {
  return outcome === null ? LATER : { ...outcome, judgement };
}

/** @returns what the applicant is answered; call it after `SeatWrites.finish` */
export function resultOf(outcome: AdmissionOutcome, writes: SeatWrites): SeatGiven | DomainError {
  if ('refusal' in outcome) return outcome.refusal;
  const { id, isNew, judgement } = outcome;
  return { row: answerIn(writes.rows.get(id)), isNew, licenseToken: judgement.licenseToken };
}

/** @returns the tokens that applications present, in their order */
export function presentedBy<Presented>(applications: readonly SeatApplication<Presented>[]): Presented[] {
  return applications.map(({ presented }) => presented);
}

/** @returns the question for what is on record of an applicant's fingerprint */
export function asked({ subject, fp }: SeatApplicant): { licenseId: string; fp: Buffer } {
  return { licenseId: subject.licenseId, fp };
}

/** @throws Error where a statement left one out */
export function answerIn<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('each that is asked about must be answered');
  return value;
}
