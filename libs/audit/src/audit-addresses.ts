import { Environment } from '@aegis/config';
import { Jobs } from '@aegis/jobs';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { forgetAddresses } from './forget-addresses';

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

  /** @param goesOn whether to forget more, asked before each hour's records */
  async forget(goesOn: () => boolean): Promise<void> {
    await forgetAddresses(this.dataSource, this.environment.AUDIT_IP_RETENTION_DAYS, goesOn);
  }
}
