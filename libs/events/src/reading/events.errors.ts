import { DomainError } from '@aegis/errors';

/** Events after a position were removed, since they are kept for a time only. */
export class EventsExpired extends DomainError {
  readonly code = 'events_expired';
  override readonly members: Readonly<Record<string, unknown>>;

  /** @param firstPosition the first whose event is kept, or will be the next */
  constructor(firstPosition: number) {
    super(`Events before position ${firstPosition} were removed.`);
    this.members = { first_position: firstPosition };
  }
}

/** A position that no event has got yet: of another server, or of a state that a restore has undone. */
export class PositionUnknown extends DomainError {
  readonly code = 'position_unknown';
  override readonly members: Readonly<Record<string, unknown>>;

  constructor(lastPosition: number) {
    super(`The last position is ${lastPosition}.`);
    this.members = { last_position: lastPosition };
  }
}
