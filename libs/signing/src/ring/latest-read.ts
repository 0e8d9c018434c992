import { runOutsideRequests } from '@aegis/logging';

/**
 * Shares one reading among all who ask before it begins. Who asks while one is under way gets the next: the one under
 * way may have read before the change that it is asked for. Readings never overlap, so the newest has the last word.
 * They run in no request's context.
 */
export class LatestRead {
  private running?: Promise<void>;
  private waiting?: Promise<void>;

  constructor(private readonly read: () => Promise<void>) {}

  /** Resolves when a reading that began after this call is done; rejects as it does. */
  ask(): Promise<void> {
    this.waiting ??= this.next();
    return this.waiting;
  }

  private async next(): Promise<void> {
    // The callers that waited for it get its error.
    await this.running?.catch(() => undefined);
    this.running = this.waiting;
    this.waiting = undefined;
    await runOutsideRequests(this.read);
  }
}
