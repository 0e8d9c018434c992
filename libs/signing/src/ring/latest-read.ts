import { runOutsideRequests } from '@aegis/logging';

/**
 * Shares one reading among all callers that ask before it begins. A caller that asks during a reading gets the next
 * one: the current one may have read before the change that the caller wants to see. Readings never overlap, so the
 * newest result wins. They run in no request's context.
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
