import { limitStatements, transaction } from '@aegis/database';
import { type Job, Jobs } from '@aegis/jobs';
import { Metrics } from '@aegis/metrics';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ACTIVITIES, ACTIVITY, counterOf, SEATS_IN_USE } from './activity-counters';

const PAUSE_MS = 5000;
/** Counting seats reads each activation that has not ended. */
const SEATS_PAUSE_MS = 300_000;
const SEATS_PATIENCE_MS = 30_000;

const THIS_HOUR = `date_trunc('hour', clock_timestamp(), 'UTC')`;

/**
 * Writes, by the hour, what this process has counted since the last time: the increases of its own counters, so that no
 * request writes anything. A crash loses the last seconds; what commands change is not counted. Every five minutes it
 * counts the seats that are in use, and keeps the greatest number of the hour.
 */
@Injectable()
export class CountedActivity {
  private readonly job: Job;
  /** Up to where each counter was written. */
  private readonly written = new Map<string, number>();
  private seatsFrom = 0;

  constructor(
    private readonly dataSource: DataSource,
    private readonly metrics: Metrics,
    jobs: Jobs,
  ) {
    this.job = jobs.add({
      name: 'activity-counts',
      pauseMs: PAUSE_MS,
      failure: 'counts of activity could not be written; they are kept',
      runsAtShutdown: true,
      run: (goesOn) => this.run(goesOn),
    });
  }

  /** Writes what was counted up to now; it does not reject: what could not be written waits for the next time. */
  flush(): Promise<void> {
    return this.job.runNow();
  }

  private async run(goesOn: () => boolean): Promise<void> {
    await this.writeIncreases();
    // A process that stops may have failed to start.
    if (!goesOn() || performance.now() < this.seatsFrom) return;
    await this.writeSeats();
    this.seatsFrom = performance.now() + SEATS_PAUSE_MS;
  }

  private async writeIncreases(): Promise<void> {
    const counted = await this.counted();
    const increased = [...counted]
      .map(([counter, value]): [string, number] => [counter, value - (this.written.get(counter) ?? 0)])
      .filter(([, increase]) => increase > 0);
    if (increased.length === 0) return;
    await this.dataSource.query(
      `INSERT INTO activity_counts AS known (hour, counter, count)
       SELECT ${THIS_HOUR}, counter, count
       FROM unnest($1::text[], $2::bigint[]) AS counted (counter, count) ORDER BY counter
       ON CONFLICT (hour, counter) DO UPDATE SET count = known.count + excluded.count`,
      [increased.map(([counter]) => counter), increased.map(([, increase]) => increase)],
    );
    for (const [counter, value] of counted) this.written.set(counter, value);
  }

  /** What this process has counted since it started. */
  private async counted(): Promise<Map<string, number>> {
    const counted = new Map<string, number>();
    for (const activity of ACTIVITIES) {
      const { metric, label, values } = ACTIVITY[activity];
      const series = (await this.metrics.registry.getSingleMetric(metric)?.get())?.values ?? [];
      for (const { labels, value } of series) {
        const name = String(labels[label]);
        if ((values as readonly string[]).includes(name)) counted.set(counterOf(activity, name), value);
      }
    }
    return counted;
  }

  private async writeSeats(): Promise<void> {
    await transaction(this.dataSource, async (tx) => {
      await limitStatements(tx, { statementMs: SEATS_PATIENCE_MS });
      await tx.query(
        `INSERT INTO activity_counts AS known (hour, counter, count)
         SELECT ${THIS_HOUR}, $1, count(*) FROM activations
         WHERE ended_at IS NULL AND (lease_ends_at IS NULL OR lease_ends_at > statement_timestamp())
         ON CONFLICT (hour, counter) DO UPDATE SET count = greatest(known.count, excluded.count)`,
        [SEATS_IN_USE],
      );
    });
  }
}
