import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';

const PAUSE_MS = 5000;
const FOLDED_AT_ONCE = 10_000;

/** Keeps what the statistics read small; each replica does it, and the database lets one at a time. */
@Injectable()
export class StatisticsUpkeep implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer?: NodeJS.Timeout;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly dataSource: DataSource,
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

  /** Adds what changed to the counts, and drops counts of validations that no statistic asks for any more. */
  async run(): Promise<void> {
    let folded = FOLDED_AT_ONCE;
    while (folded === FOLDED_AT_ONCE && !this.stopped) {
      const [row] = await this.dataSource.query<{ folded: number }[]>(
        'SELECT statistics_fold($1) AS folded',
        [FOLDED_AT_ONCE],
      );
      folded = row?.folded ?? 0;
    }
    await this.dataSource.query(
      `DELETE FROM validation_counts WHERE minute < clock_timestamp() - interval '25 hours'`,
    );
    this.metrics.jobSucceeded('statistics');
  }

  private async runAndGoOn(): Promise<void> {
    try {
      await this.run();
    } catch (error) {
      this.logger.write('warn', 'statistics could not be folded; reading them takes longer', { error });
    }
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.running = this.runAndGoOn();
    }, PAUSE_MS).unref();
  }
}
