import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { StatusLists } from './status-lists.service';

/** A change is seen in the lists within this and the time that a rebuild takes. */
const PAUSE_MS = 1000;
/** What failed is not asked in vain every second. */
const PAUSE_AFTER_FAILURE_MS = 3000;

/** Keeps the lists of this replica new. Each asks the database by itself, so none depends on being told. */
@Injectable()
export class StatusListUpkeep implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer?: NodeJS.Timeout;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;
  private failing = false;

  constructor(
    private readonly lists: StatusLists,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.runAndGoOn();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private async runAndGoOn(): Promise<void> {
    await this.run();
    if (this.stopped) return;
    const pause = this.failing ? PAUSE_AFTER_FAILURE_MS : PAUSE_MS;
    this.timer = setTimeout(() => {
      this.running = this.runAndGoOn();
    }, pause).unref();
  }

  private async run(): Promise<void> {
    try {
      await this.lists.refresh();
      const [tooLarge] = this.lists.unsigned;
      if (tooLarge) throw tooLarge;
      this.metrics.jobSucceeded('status_lists');
      this.failing = false;
    } catch (error) {
      // Once, not every time.
      if (!this.failing)
        this.logger.write('warn', 'status lists could not be made anew; the last ones are served', { error });
      this.failing = true;
    }
  }
}
