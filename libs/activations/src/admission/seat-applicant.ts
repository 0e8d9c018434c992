import type { Actor } from '@aegis/audit';
import type { MovesExhausted, SeatsExhausted } from '../activations.errors';

/** The license that seats are of, as audit records name it. */
export interface SeatSubject {
  readonly licenseId: string;
  readonly customerId?: string;
  readonly moduleName?: string;
}

/** Who does something, and to which license: what an audit record says of it. */
export interface SeatAct {
  readonly actor: Actor;
  readonly subject: SeatSubject;
}

/** Who asks for a seat. */
export interface SeatApplicant extends SeatAct {
  /** Digest of the fingerprint. */
  readonly fp: Buffer;
  readonly name: string | null;
  /** An id, or `oldest`. */
  readonly takeOver: string | null;
  /** For so many days it gets an offline file, which holds the seat; absent where it gets none. */
  readonly fileDays?: number;
}

/**
 * What an applicant got: a seat, whose row is among the writes of the round, or why not; null where that takes another
 * transaction, since this one has put as many lapses on record as one may.
 */
export type SeatOutcome =
  | { readonly id: string; readonly isNew: boolean }
  | { readonly refusal: SeatsExhausted | MovesExhausted }
  | null;
