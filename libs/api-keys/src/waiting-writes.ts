import { isInputRefused, runSplitting } from '@aegis/database';
import { Logger } from '@aegis/logging';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';

const FLUSH_INTERVAL_MS = 2000;
/** Keys that wait to be written, at most; only authenticated ones wait, so this is seldom reached. */
const MOST_KEYS = 10_000;

/**
 * Something about keys that requests cause to be written, without a write a request: it waits in memory, one value a
 * key, and is written together every two seconds and at shutdown. A crash loses what waits.
 */
export abstract class WaitingWrites<Value> implements OnApplicationBootstrap, OnApplicationShutdown {
  private waiting = new Map<string, Value>();
  private flushing: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** @param complaint what the log says when a write fails */
  constructor(
    private readonly logger: Logger,
    private readonly complaint: string,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.flush(), FLUSH_INTERVAL_MS);
    this.timer.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    // What came while an earlier flush ran is written by one of its own.
    await this.flushing;
    await this.flush();
  }

  /** Writes what waits. If the database can't be asked, it stays for the next time and the log says why. */
  flush(): Promise<void> {
    this.flushing ??= this.writeWaiting().finally(() => {
      this.flushing = undefined;
    });
    return this.flushing;
  }

  /** One statement for all of them; it may be tried again, and for some of them alone. */
  protected abstract write(values: ReadonlyMap<string, Value>): Promise<void>;

  /** What waits for a key of which something waits already. */
  protected abstract merge(known: Value, value: Value): Value;

  protected add(keyId: string, value: Value): void {
    const known = this.waiting.get(keyId);
    if (known !== undefined) this.waiting.set(keyId, this.merge(known, value));
    else if (this.waiting.size < MOST_KEYS) this.waiting.set(keyId, value);
  }

  private async writeWaiting(): Promise<void> {
    if (this.waiting.size === 0) return;
    const taken = [...this.waiting];
    this.waiting = new Map();
    await runSplitting(
      taken,
      (entries) => this.write(new Map(entries)),
      () => undefined,
      (entries, error) => {
        this.handleFailure(entries, error);
      },
    );
  }

  /** What the database refuses would be refused for ever, and hold up the rest: it is dropped. */
  private handleFailure(entries: readonly (readonly [string, Value])[], error: unknown): void {
    if (isInputRefused(error)) {
      this.logger.write('error', 'the database refused a write about an API key; it is dropped', { error });
      return;
    }
    const since = this.waiting;
    this.waiting = new Map(entries);
    for (const [keyId, value] of since) this.add(keyId, value);
    this.logger.write('warn', this.complaint, { error });
  }
}
