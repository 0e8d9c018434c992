import { Jobs } from '@aegis/jobs';
import { type Gauge, Metrics } from '@aegis/metrics';
import { Injectable } from '@nestjs/common';
import { StatisticsService } from './statistics.service';

const PAUSE_MS = 15_000;

/** Licenses by status, and those that end soon, as metrics: every replica reports the same. */
@Injectable()
export class LicenseGauges {
  private readonly licenses: Gauge<'status'>;
  private readonly expiring: Gauge;

  constructor(
    private readonly statistics: StatisticsService,
    metrics: Metrics,
    jobs: Jobs,
  ) {
    this.licenses = metrics.gauge({
      name: 'aegis_licenses',
      help: 'Licenses by status, counted every 15 seconds; the same in each process.',
      labelNames: ['status'],
    });
    this.expiring = metrics.gauge({
      name: 'aegis_licenses_expiring_30d',
      help: 'Active licenses that end within 30 days; the same in each process.',
    });
    jobs.add({
      name: 'license-counts',
      pauseMs: PAUSE_MS,
      failure: 'licenses could not be counted for the metrics',
      run: () => this.refresh(),
    });
  }

  async refresh(): Promise<void> {
    const { active, expired, suspended, revoked, expiring_30d } = await this.statistics.licenses();
    for (const [status, count] of Object.entries({ active, expired, suspended, revoked }))
      this.licenses.set({ status }, count);
    this.expiring.set(expiring_30d);
  }
}
