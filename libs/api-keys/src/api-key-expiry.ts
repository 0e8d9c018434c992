import { Jobs } from '@aegis/jobs';
import { type Gauge, Metrics } from '@aegis/metrics';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

const PAUSE_MS = 15_000;

/** Keys that were made for less are meant to end. */
const SHORTEST_TERM = '30 days';

/** When the next API key ends, as a metric: every replica reports the same. */
@Injectable()
export class ApiKeyExpiry {
  private readonly gauge: Gauge;

  constructor(
    private readonly dataSource: DataSource,
    metrics: Metrics,
    jobs: Jobs,
  ) {
    this.gauge = metrics.gauge({
      name: 'aegis_api_key_next_expiry_timestamp_seconds',
      help: 'When the next active API key of a term of 30 days or more expires, in seconds since 1970; 0: none does.',
    });
    jobs.add({
      name: 'api-key-expiry',
      pauseMs: PAUSE_MS,
      failure: 'which API key expires next could not be read',
      run: () => this.refresh(),
    });
  }

  async refresh(): Promise<void> {
    const [row] = await this.dataSource.query<{ next: number | null }[]>(
      `SELECT extract(epoch FROM min(expires_at))::float8 AS next FROM api_keys
       WHERE is_active AND deleted_at IS NULL AND expires_at > clock_timestamp()
         AND expires_at >= created_at + $1::interval`,
      [SHORTEST_TERM],
    );
    this.gauge.set(row?.next ?? 0);
  }
}
