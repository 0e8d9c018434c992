/** So long an endpoint gets no place whose keys this process cannot open: what waits for it would keep it busy. */
export const UNSIGNED_PAUSE_MS = 30_000;

/** Attempts under way at most: of one endpoint, and of all of them. */
export const MOST_OF_ENDPOINT = 16;
export const MOST_OF_PROCESS = 128;

/** How many attempts an endpoint may begin. */
export interface EndpointPlaces {
  endpointId: string;
  /** At most. */
  most: number;
  /** However many others are under way. */
  least: number;
}

/** How many attempts may begin. */
export interface FreePlaces {
  /** Of endpoints that are not named: `least` is 1. */
  mostOfEach: number;
  /** Of all endpoints together, apart from the `least` of each. */
  shared: number;
  named: readonly EndpointPlaces[];
}

/**
 * Counts the attempts that are under way. Endpoints that answer slowly can't take all places: one whose last attempt got no
 * answer in time gets one place, and each may have one, however many others are under way.
 */
export class AttemptPlaces {
  private readonly underWay = new Map<string, number>();
  /** Endpoints whose last attempt got no answer in time. */
  private readonly silent = new Set<string>();
  /** Endpoints that nothing can be signed for, and until when they get no place. */
  private readonly unsigned = new Map<string, number>();

  /** @param now milliseconds; does not go back */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Attempts under way. */
  get count(): number {
    return [...this.underWay.values()].reduce((sum, count) => sum + count, 0);
  }

  take(endpointId: string): void {
    this.underWay.set(endpointId, (this.underWay.get(endpointId) ?? 0) + 1);
  }

  /** @param isSilent whether the attempt got no answer in time */
  giveBack(endpointId: string, isSilent: boolean): void {
    const count = (this.underWay.get(endpointId) ?? 0) - 1;
    if (count > 0) this.underWay.set(endpointId, count);
    else this.underWay.delete(endpointId);
    if (isSilent) this.silent.add(endpointId);
    else this.silent.delete(endpointId);
  }

  /** Notes that nothing could be signed for an endpoint. */
  pause(endpointId: string): void {
    this.unsigned.set(endpointId, this.now() + UNSIGNED_PAUSE_MS);
  }

  free(): FreePlaces {
    for (const [endpointId, until] of this.unsigned)
      if (until <= this.now()) this.unsigned.delete(endpointId);
    const ids = new Set([...this.underWay.keys(), ...this.silent, ...this.unsigned.keys()]);
    return {
      mostOfEach: MOST_OF_ENDPOINT,
      shared: Math.max(MOST_OF_PROCESS - this.count, 0),
      named: [...ids].map((endpointId) => {
        if (this.unsigned.has(endpointId)) return { endpointId, most: 0, least: 0 };
        const count = this.underWay.get(endpointId) ?? 0;
        const most = this.silent.has(endpointId) ? 1 : MOST_OF_ENDPOINT;
        return { endpointId, most: Math.max(most - count, 0), least: count === 0 ? 1 : 0 };
      }),
    };
  }
}
