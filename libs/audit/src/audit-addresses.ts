import { Environment } from '@aegis/config';
import { Jobs } from '@aegis/jobs';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

const HOUR_MS = 60 * 60 * 1000;
const JITTER_MS = 60_000;

/** Forgets the IP addresses in the audit trail once they have been kept for AUDIT_IP_RETENTION_DAYS. */
@Injectable()
export class AuditAddresses {
  constructor(
    private readonly dataSource: DataSource,
    private readonly environment: Environment,
    jobs: Jobs,
  ) {
    jobs.add({
      name: 'audit-addresses',
      pauseMs: HOUR_MS,
      jitterMs: JITTER_MS,
      failure: 'old addresses in the audit trail could not be forgotten',
      run: (goesOn) => this.forget(goesOn),
    });
  }

  /**
   * Forgets, an hour's records at a time, every address that is old enough; replicas share the work.
   * @param goesOn whether to forget more, asked before each hour
   */
  async forget(goesOn: () => boolean): Promise<void> {
    let more = true;
    while (more && goesOn()) {
      const [row] = await this.dataSource.query<{ more: boolean }[]>(
        'SELECT audit_logs_forget_addresses($1) AS more',
        [this.environment.AUDIT_IP_RETENTION_DAYS],
      );
      more = row?.more === true;
    }
  }
}
