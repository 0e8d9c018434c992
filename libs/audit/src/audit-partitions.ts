import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';

const MONTHS_AHEAD = 3;
const SIX_HOURS_MS = 6 * 60 * 60 * 1000;

/** Keeps the audit trail's monthly partitions made ahead: without one for now, nothing could be recorded. */
@Injectable()
export class AuditPartitions implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly dataSource: DataSource,
    private readonly logger: Logger,
    private readonly metrics: Metrics = new Metrics(),
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.makeAhead();
    this.timer = setInterval(() => {
      this.makeAhead().catch((error: unknown) => {
        this.logger.write('error', 'audit partitions could not be made ahead', { error });
      });
    }, SIX_HOURS_MS);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async makeAhead(): Promise<void> {
    await this.dataSource.query('SELECT audit_logs_make_partitions($1)', [MONTHS_AHEAD]);
    this.metrics.jobSucceeded('audit_partitions');
  }
}
