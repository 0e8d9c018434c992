import { DomainError } from '@aegis/errors';

/** What a place is of: the order of all events, or that of a webhook. */
export type PlaceKind = 'position' | 'sequence';

/** Events after a place were removed, since they are kept for a time only. */
export class EventsExpired extends DomainError {
  readonly code = 'events_expired';
  override readonly members: Readonly<Record<string, unknown>>;

  /** @param first whose event is kept, or will be the next */
  constructor(kind: PlaceKind, first: number) {
    super(`Events before ${kind} ${first} were removed.`);
    this.members = { [`first_${kind}`]: first };
  }
}

/** A place that no event has got yet: of another server, or of a state that a restore has undone. */
export class PositionUnknown extends DomainError {
  readonly code = 'position_unknown';
  override readonly members: Readonly<Record<string, unknown>>;

  constructor(kind: PlaceKind, last: number) {
    super(`The last ${kind} is ${last}.`);
    this.members = { [`last_${kind}`]: last };
  }
}

/** No webhook has this id, or it was deleted. */
export class EndpointUnknown extends DomainError {
  readonly code = 'webhook_not_found';

  constructor(id: string) {
    super(`There is no webhook ${id}.`);
  }
}
