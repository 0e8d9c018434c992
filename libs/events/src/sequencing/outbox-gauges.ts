import { PreparedStatement } from '@aegis/database';
import { Jobs } from '@aegis/jobs';
import { type Gauge, Metrics } from '@aegis/metrics';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

const PAUSE_MS = 5000;

const OUTBOX = new PreparedStatement<{ pending: number; oldest_seconds: number }>(
  'events-outbox',
  `SELECT count(*)::float8 AS pending,
          greatest(coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0), 0)::float8 AS oldest_seconds
   FROM event_outbox`,
);

/** How many records wait to become events, and since when, as metrics: every replica reports the same. */
@Injectable()
export class OutboxGauges {
  private readonly pending: Gauge;
  private readonly oldest: Gauge;

  constructor(
    private readonly dataSource: DataSource,
    metrics: Metrics,
    jobs: Jobs,
  ) {
    this.pending = metrics.gauge({
      name: 'aegis_outbox_pending',
      help: 'Audit records that wait to become events, counted every 5 seconds; the same in each process.',
    });
    this.oldest = metrics.gauge({
      name: 'aegis_outbox_oldest_seconds',
      help: 'Seconds since the oldest of these records was written, by the clock of the database; 0 when none waits.',
    });
    jobs.add({
      name: 'event-outbox',
      pauseMs: PAUSE_MS,
      failure: 'records that wait to become events could not be counted for the metrics',
      run: () => this.refresh(),
    });
  }

  async refresh(): Promise<void> {
    const [row] = await OUTBOX.run(this.dataSource, []);
    this.pending.set(row?.pending ?? 0);
    this.oldest.set(row?.oldest_seconds ?? 0);
  }
}
