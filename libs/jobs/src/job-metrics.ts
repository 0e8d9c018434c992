import type { Counter, Gauge, Metrics } from '@aegis/metrics';
import type { JobName } from './job-name';

/** Jobs that an earlier metric reports too, under its own names; alarms that use it continue to work. */
const EARLIER_NAMES: Readonly<Partial<Record<JobName, string>>> = {
  'audit-addresses': 'audit_addresses',
  'audit-partitions': 'audit_partitions',
  statistics: 'statistics',
  'status-lists': 'status_lists',
};

/** What each job of this process reports. A job that this process does not have, has no series. */
export class JobMetrics {
  private readonly lastSuccess: Gauge<'job'>;
  private readonly lastSuccessTimestamp: Gauge<'job'>;
  private readonly failures: Counter<'job'>;

  constructor(metrics: Metrics) {
    this.lastSuccess = metrics.gauge({
      name: 'aegis_job_last_success_seconds',
      help: 'When a job of this process last succeeded, in seconds since 1970; 0 before the first time.',
      labelNames: ['job'],
    });
    this.lastSuccessTimestamp = metrics.gauge({
      name: 'aegis_job_last_success_timestamp_seconds',
      help: 'Earlier name of aegis_job_last_success_seconds, for four jobs.',
      labelNames: ['job'],
    });
    this.failures = metrics.counter({
      name: 'aegis_job_failures_total',
      help: 'Runs of a job that failed.',
      labelNames: ['job'],
    });
  }

  /** Makes the series of a job visible before its first run. */
  begin(job: JobName): void {
    this.setLastSuccess(job, 0);
    this.failures.inc({ job }, 0);
  }

  succeeded(job: JobName): void {
    this.setLastSuccess(job, Date.now() / 1000);
  }

  failed(job: JobName): void {
    this.failures.inc({ job });
  }

  private setLastSuccess(job: JobName, seconds: number): void {
    this.lastSuccess.set({ job }, seconds);
    const earlierName = EARLIER_NAMES[job];
    if (earlierName !== undefined) this.lastSuccessTimestamp.set({ job: earlierName }, seconds);
  }
}
