import { DomainError } from '@aegis/errors';
import type { Verdict } from '@aegis/license-token';
import type { ActivationEnd } from './activation.entity';

/** No license token that admits: the verdict says why. */
export class LicenseNotValid extends DomainError {
  readonly code = 'license_not_valid';
  override readonly members: Readonly<Record<string, unknown>>;

  constructor(verdict: Verdict) {
    super(verdict.error ?? 'The license is not valid.');
    this.members = { verdict };
  }
}

/** Unknown, of another license, or of another fingerprint: all alike. */
export class ActivationNotFound extends DomainError {
  readonly code = 'activation_not_found';

  constructor() {
    super('This license has no such activation for this fingerprint.');
  }
}

/** It no longer holds a seat. */
export class ActivationEnded extends DomainError {
  readonly code = 'activation_ended';
  override readonly members: Readonly<Record<string, unknown>>;

  constructor(by: ActivationEnd, at: Date) {
    super('The activation has ended: activate again.');
    this.members = { ended_by: by, ended_at: at };
  }
}

/** A file for machines without a network holds the seat until its end. */
export class ActivationOffline extends DomainError {
  readonly code = 'activation_offline';

  constructor() {
    super('An offline file holds this seat until it ends; only the vendor can end it before.');
  }
}

/** Another request has locked it for long; nothing was decided. */
export class ActivationBusy extends DomainError {
  readonly code = 'service_unavailable';

  constructor() {
    super('Another request is changing this activation. Retry in a moment.');
  }
}

/** A live activation, as those who may take one over see it. */
export interface SeatHolder {
  readonly id: string;
  readonly name: string | null;
  readonly last_seen_at: Date;
}

/** What is in use of a license, and how much may be. */
export interface UsedUp {
  readonly limit: number;
  readonly inUse: number;
  /** Before it, nothing becomes free by itself; null: nothing does. */
  readonly nextFreeAt: Date | null;
}

/** All seats are held. */
export class SeatsExhausted extends DomainError {
  readonly code = 'seats_exhausted';
  override readonly members: Readonly<Record<string, unknown>>;

  /** @param holders whose seats may be taken over; absent where that is not allowed */
  constructor({ limit, inUse, nextFreeAt }: UsedUp, holders?: readonly SeatHolder[]) {
    super(`All ${limit} seats of the license are in use.`);
    this.members = { limit, in_use: inUse, next_free_at: nextFreeAt, ...(holders && { holders }) };
  }
}

/** As many different installations have come within 30 days as may. */
export class MovesExhausted extends DomainError {
  readonly code = 'moves_exhausted';
  override readonly members: Readonly<Record<string, unknown>>;

  constructor({ limit, nextFreeAt }: UsedUp) {
    super(`${limit} different installations may use the license within 30 days, and as many have.`);
    this.members = { next_free_at: nextFreeAt };
  }
}
