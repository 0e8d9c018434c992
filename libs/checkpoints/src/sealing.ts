import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Repetition } from './repetition';
import { Sealer } from './sealer';

const PAUSE_MS = 500;

/** Seals the audit trail twice a second, and without a pause while it is behind; replicas share the work. */
@Injectable()
export class Sealing implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly jobs: readonly Repetition[];

  constructor(
    private readonly dataSource: DataSource,
    sealer: Sealer,
    logger: Logger,
    private readonly metrics: Metrics,
  ) {
    const sealing = 'audit records could not be sealed; they wait';
    const measuring = 'how long audit records wait to be sealed could not be told';
    this.jobs = [
      new Repetition(logger, sealing, PAUSE_MS, (goesOn) => sealer.seal(goesOn)),
      new Repetition(logger, measuring, PAUSE_MS, () => this.measure()),
    ];
  }

  onApplicationBootstrap(): void {
    for (const job of this.jobs) job.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.jobs.map((job) => job.stop()));
  }

  private async measure(): Promise<void> {
    // Records that came from another cluster may have xids that are still to come in this one: they are left out.
    const [row] = await this.dataSource.query<{ lag: number; oldest: number }[]>(`
      SELECT coalesce((
               SELECT extract(epoch FROM clock_timestamp() - recorded_at) FROM audit_logs
               WHERE (xact, id) > (coalesce(last.sealed_xact, '0'::xid8), coalesce(last.sealed_id, 0))
                 AND xact < pg_snapshot_xmax(pg_current_snapshot())
                 AND NOT EXISTS (SELECT FROM audit_seals WHERE audit_id = audit_logs.id)
               ORDER BY xact, id LIMIT 1), 0)::float8 AS lag,
             coalesce((
               SELECT max(extract(epoch FROM clock_timestamp() - xact_start)) FROM pg_stat_activity
               WHERE backend_xid IS NOT NULL), 0)::float8 AS oldest
      FROM (SELECT 1) AS one
      LEFT JOIN (SELECT * FROM audit_checkpoints ORDER BY number DESC LIMIT 1) AS last ON true`);
    if (row) this.metrics.trailSealed(row.lag, row.oldest);
  }
}
