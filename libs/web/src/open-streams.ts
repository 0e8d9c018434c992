import { RateLimited } from './rate-limit.errors';

const PER_CALLER = 4;
const PER_PROCESS = 32;
const RETRY_AFTER_SECONDS = 5;

/**
 * Counts the lists that are being streamed. Each holds rows in memory for as long as its reader takes, and counted as
 * one request only: without a bound, one key could hold the memory of many.
 */
export class OpenStreams {
  private readonly byCaller = new Map<string, number>();
  private inAll = 0;

  /**
   * @param caller id of the API key
   * @returns ends the stream's share; may be called more than once
   * @throws RateLimited when the caller, or all callers together, have as many streams as may be open
   */
  open(caller: string): () => void {
    const own = this.byCaller.get(caller) ?? 0;
    if (own >= PER_CALLER)
      throw new RateLimited(
        RETRY_AFTER_SECONDS,
        `${PER_CALLER} lists are being streamed to this API key already. Read them to their end, or close them.`,
      );
    if (this.inAll >= PER_PROCESS)
      throw new RateLimited(RETRY_AFTER_SECONDS, 'Too many lists are being streamed. Retry later.');
    this.byCaller.set(caller, own + 1);
    this.inAll += 1;
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.inAll -= 1;
      const left = (this.byCaller.get(caller) ?? 1) - 1;
      if (left === 0) this.byCaller.delete(caller);
      else this.byCaller.set(caller, left);
    };
  }
}
