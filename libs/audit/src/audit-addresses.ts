import { Environment } from '@aegis/config';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';

const HOUR_MS = 60 * 60 * 1000;

/** Forgets the IP addresses in the audit trail once they have been kept for AUDIT_IP_RETENTION_DAYS. */
@Injectable()
export class AuditAddresses implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer?: NodeJS.Timeout;
  private stopped = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly environment: Environment,
    private readonly logger: Logger,
    private readonly metrics: Metrics = new Metrics(),
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.forgetQuietly(), HOUR_MS).unref();
    void this.forgetQuietly();
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    clearInterval(this.timer);
  }

  /** Forgets, an hour's records at a time, every address that is old enough; replicas share the work. */
  async forget(): Promise<void> {
    let more = true;
    while (more && !this.stopped) {
      const [row] = await this.dataSource.query<{ more: boolean }[]>(
        'SELECT audit_logs_forget_addresses($1) AS more',
        [this.environment.AUDIT_IP_RETENTION_DAYS],
      );
      more = row?.more === true;
    }
    if (!more) this.metrics.jobSucceeded('audit_addresses');
  }

  private async forgetQuietly(): Promise<void> {
    try {
      await this.forget();
    } catch (error) {
      if (!this.stopped)
        this.logger.write('warn', 'old addresses in the audit trail could not be forgotten', { error });
    }
  }
}
