/** The clocks of a machine, in milliseconds. */
export interface Clocks {
  /** The time of day, which people and programs change. */
  wall(): number;
  /** Only moves forward, and on many platforms stands still while the machine sleeps. */
  steady(): number;
}

export const PLATFORM_CLOCKS: Clocks = {
  wall: () => Date.now(),
  steady: () => performance.now(),
};

/**
 * Measures time since a moment whatever happens to the clocks: the longer of what both show. A clock that is set back, and a
 * machine that sleeps, make nothing longer; one that is set forward makes it end early, and the server then says whether it
 * has ended.
 */
export class Stopwatch {
  private readonly wall: number;
  private readonly steady: number;

  constructor(private readonly clocks: Clocks) {
    this.wall = clocks.wall();
    this.steady = clocks.steady();
  }

  /** Milliseconds since it was made. */
  elapsed(): number {
    return Math.max(this.clocks.wall() - this.wall, this.clocks.steady() - this.steady);
  }
}
