import { isInputRefused, runSplitting } from '@aegis/database';
import type { Logger } from '@aegis/logging';
import type { Job } from './job';
import type { JobName } from './job-name';
import type { Jobs } from './jobs';

/** Keys that wait at most; a write begins as soon as so many do. */
const MOST_KEYS = 10_000;

export interface WriteBehindOptions {
  /** Name of the job that writes. */
  name: JobName;
  /** Milliseconds from the end of a write to the next. */
  pauseMs: number;
  /** What the log says when a write fails. */
  failure: string;
  /** What the log says, as an error, of a value that the database refuses. */
  refusal: string;
}

/**
 * Writes that requests cause, without one statement per request: values wait in memory, one per key, and are written
 * together at an interval, when 10,000 keys wait, and at shutdown. What cannot be written waits for the next time; while
 * 10,000 keys wait, values of other keys are dropped. A crash loses what waits.
 */
export abstract class WriteBehind<Key, Value> {
  private waiting = new Map<Key, Value>();
  private readonly job: Job;

  constructor(
    jobs: Jobs,
    private readonly logger: Logger,
    private readonly options: WriteBehindOptions,
  ) {
    const { name, pauseMs, failure } = options;
    this.job = jobs.add({ name, pauseMs, failure, runsAtShutdown: true, run: () => this.writeWaiting() });
  }

  /**
   * Writes what waits now. It does not reject: what cannot be written waits for the next time, and the log says why.
   * @returns when all that waited at the call was written, or could not be
   */
  flush(): Promise<void> {
    return this.job.runNow();
  }

  /** One statement for all of them; it may be tried again, and for some of them alone. */
  protected abstract write(values: ReadonlyMap<Key, Value>): Promise<void>;

  /** What waits for a key that has two values. */
  protected abstract merge(earlier: Value, later: Value): Value;

  protected collect(key: Key, value: Value): void {
    const waited = this.waiting.size;
    this.keep(key, value);
    if (waited < MOST_KEYS && this.waiting.size === MOST_KEYS) void this.flush();
  }

  private async writeWaiting(): Promise<void> {
    if (this.waiting.size === 0) return;
    const taken = [...this.waiting];
    this.waiting = new Map();
    const failures: unknown[] = [];
    await runSplitting(
      taken,
      (entries) => this.write(new Map(entries)),
      () => undefined,
      (entries, error) => {
        if (isInputRefused(error)) {
          // It would be refused every time, and hold up the rest: it is dropped.
          this.logger.write('error', this.options.refusal, { error });
          return;
        }
        this.putBack(entries);
        failures.push(error);
      },
    );
    if (failures.length > 0) throw failures[0];
  }

  /** What was taken comes before what was collected since. */
  private putBack(entries: readonly (readonly [Key, Value])[]): void {
    const later = this.waiting;
    this.waiting = new Map(entries);
    for (const [key, value] of later) this.keep(key, value);
  }

  private keep(key: Key, value: Value): void {
    const earlier = this.waiting.get(key);
    if (earlier !== undefined) this.waiting.set(key, this.merge(earlier, value));
    else if (this.waiting.size < MOST_KEYS) this.waiting.set(key, value);
  }
}
