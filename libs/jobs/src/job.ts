import { AsyncResource } from 'node:async_hooks';
import { randomInt } from 'node:crypto';
import type { Logger } from '@aegis/logging';
import type { JobMetrics } from './job-metrics';
import type { JobName } from './job-name';

/**
 * How long a stopping process waits for a job: twice as long as a statement waits for its answer, unless the settings
 * differ.
 */
export const JOB_STOP_MS = 5_000;

/** Work that a process repeats in the background. */
export interface JobOptions {
  name: JobName;
  /**
   * The work. A rejection is a failure; the next run tries again.
   * @param goesOn false once the process stops: long work asks between its parts, and returns early
   */
  run: (goesOn: () => boolean) => Promise<unknown>;
  /** Milliseconds from the end of a run to the next run. */
  pauseMs: number;
  /** The same after a run that failed; `pauseMs` unless given. */
  pauseAfterFailureMs?: number;
  /** Up to so many milliseconds, chosen at random, are added to each pause, so that replicas do not run in step. */
  jitterMs?: number;
  /** What the log says when the job fails. */
  failure: string;
  /** Level of that line; `warn` unless given. */
  failureLevel?: 'warn' | 'error';
  /**
   * What the start of the application waits for: the end of the first run, or its success (a failure of the first
   * run then fails the start). Nothing unless given.
   */
  startNeeds?: 'first-run' | 'first-success';
  /** Runs again at shutdown, after the last request ended and before the pool of the database does. */
  runsAtShutdown?: boolean;
}

/**
 * One job: it runs, pauses, and runs again, never twice at once. A failure ends nothing: the log has one line when it
 * begins to fail and one when it works again, however often it fails in between.
 */
export class Job {
  private readonly options: JobOptions;
  private timer?: NodeJS.Timeout;
  private running?: Promise<void>;
  private stopping?: Promise<void>;
  private isStarted = false;
  private isFailing = false;
  /** Error of the last run; undefined when it succeeded. */
  private error?: Error;
  /** Each run has the context of the job's creation: a request that asks for a run lends nothing to later ones. */
  private readonly context = new AsyncResource('Job');

  constructor(
    options: JobOptions,
    private readonly logger: Logger,
    private readonly metrics: JobMetrics,
  ) {
    this.options = options;
    metrics.begin(options.name);
  }

  /** Whether the job waits for the end of requests before it stops. */
  get runsAtShutdown(): boolean {
    return this.options.runsAtShutdown === true;
  }

  /**
   * Runs for the first time, and repeats from then on.
   * @returns when the start of the application may continue
   * @throws what the first run failed with, if the start needs its success
   */
  async start(): Promise<void> {
    this.isStarted = true;
    const firstRun = this.runNow();
    if (this.options.startNeeds === undefined) return;
    await firstRun;
    if (this.options.startNeeds === 'first-success' && this.error !== undefined) throw this.error;
  }

  /**
   * Runs without waiting for the end of the pause; if a run is under way, again after it. Callers who ask meanwhile
   * share that run. After `stop` nothing runs.
   * @returns when a run that began after the call has ended, also if it failed
   */
  runNow(): Promise<void> {
    if (this.stopping !== undefined) return this.stopping;
    if (this.running === undefined) return this.begin();
    // The first caller that waited begins the run; the others share it.
    return this.running.then(() => this.stopping ?? this.running ?? this.begin());
  }

  /**
   * Ends the repetition. Returns when the run under way has ended, and the one at shutdown, if the job has one, but after
   * 5 seconds at the latest, so that what stops after the job can stop.
   */
  stop(): Promise<void> {
    this.stopping ??= this.end();
    return this.stopping;
  }

  private async end(): Promise<void> {
    clearTimeout(this.timer);
    const hasEnded = await endsInTime(async (isLate) => {
      await this.running;
      if (this.runsAtShutdown && !isLate()) await this.begin();
    });
    if (hasEnded) return;
    this.logger.write('warn', 'a job does not end: the process stops without waiting for it', {
      job: this.options.name,
    });
  }

  private begin(): Promise<void> {
    clearTimeout(this.timer);
    const run = this.context.runInAsyncScope(() =>
      this.runOnce().then(() => {
        this.running = undefined;
        this.pause();
      }),
    );
    this.running = run;
    return run;
  }

  private async runOnce(): Promise<void> {
    try {
      await this.options.run(() => this.stopping === undefined);
      this.handleSuccess();
    } catch (error) {
      this.handleFailure(error);
    }
  }

  private pause(): void {
    if (!this.isStarted || this.stopping !== undefined) return;
    const { pauseMs, pauseAfterFailureMs = pauseMs, jitterMs = 0 } = this.options;
    const pause = (this.isFailing ? pauseAfterFailureMs : pauseMs) + randomInt(jitterMs + 1);
    this.timer = setTimeout(() => void this.begin(), pause).unref();
  }

  private handleSuccess(): void {
    const { name, failure } = this.options;
    this.error = undefined;
    this.metrics.succeeded(name);
    if (this.isFailing) this.logger.write('info', `over: ${failure}`, { job: name });
    this.isFailing = false;
  }

  private handleFailure(error: unknown): void {
    const { name, failure, failureLevel = 'warn' } = this.options;
    this.error = error instanceof Error ? error : new Error(String(error));
    this.metrics.failed(name);
    if (!this.isFailing) this.logger.write(failureLevel, failure, { job: name, error });
    this.isFailing = true;
  }
}

/**
 * @param work called with a function that says whether the time is over: then the work must begin nothing further
 * @returns false when the work takes longer than JOB_STOP_MS
 */
async function endsInTime(work: (isLate: () => boolean) => Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  let isLate = false;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => {
      isLate = true;
      resolve(false);
    }, JOB_STOP_MS);
  });
  try {
    return await Promise.race([work(() => isLate).then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
