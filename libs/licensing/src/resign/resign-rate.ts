import { setTimeout as pause } from 'node:timers/promises';

/** Spreads work over time: so many pieces per second, and never more than one batch at once. */
export class ResignRate {
  private next = performance.now();

  /** @param perSecond undefined: without a limit */
  constructor(private readonly perSecond: number | undefined) {}

  /** Waits until this number of pieces may be done; later calls wait after it. */
  async take(count: number): Promise<void> {
    if (this.perSecond === undefined) return;
    const now = performance.now();
    const due = Math.max(now, this.next);
    this.next = due + (count * 1000) / this.perSecond;
    if (due > now) await pause(due - now);
  }
}
