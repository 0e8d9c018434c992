import type { Logger } from '@aegis/logging';

/** Does a job again and again with a pause in between. A failure ends nothing: it is logged once, and when it is over. */
export class Repetition {
  private timer?: NodeJS.Timeout;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;
  private failing = false;

  /**
   * @param failure what is logged when the job fails
   * @param work asks, where it may take long, whether it is to go on
   */
  constructor(
    private readonly logger: Logger,
    private readonly failure: string,
    private readonly pauseMs: number,
    private readonly work: (goesOn: () => boolean) => Promise<unknown>,
  ) {}

  start(): void {
    this.running = this.run();
  }

  /** Waits for the job that is under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private async run(): Promise<void> {
    try {
      await this.work(() => !this.stopped);
      if (this.failing) this.logger.write('info', `over: ${this.failure}`);
      this.failing = false;
    } catch (error) {
      if (!this.failing) this.logger.write('warn', this.failure, { error });
      this.failing = true;
    }
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.running = this.run();
    }, this.pauseMs).unref();
  }
}
