import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Sealer } from './sealer';

const PAUSE_MS = 1000;

/** Seals the audit trail once a second; each replica tries, and one at a time does. Nothing waits for it. */
@Injectable()
export class Sealing implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer?: NodeJS.Timeout;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;
  private readonly failing = new Set<string>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly sealer: Sealer,
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
    await this.attempt('audit records could not be sealed; they wait', () =>
      this.sealer.seal(() => !this.stopped),
    );
    await this.attempt('how long audit records wait to be sealed could not be told', () => this.measure());
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.running = this.runAndGoOn();
    }, PAUSE_MS).unref();
  }

  private async attempt(failure: string, work: () => Promise<unknown>): Promise<void> {
    if (this.stopped) return;
    try {
      await work();
      this.failing.delete(failure);
    } catch (error) {
      // Once, not every second.
      if (!this.failing.has(failure)) this.logger.write('warn', failure, { error });
      this.failing.add(failure);
    }
  }

  private async measure(): Promise<void> {
    const [row] = await this.dataSource.query<{ lag: number; oldest: number }[]>(`
      SELECT coalesce((
               SELECT extract(epoch FROM clock_timestamp() - recorded_at) FROM audit_logs
               WHERE (xact, id) > (coalesce(last.sealed_xact, '0'::xid8), coalesce(last.sealed_id, 0))
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
