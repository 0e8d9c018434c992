import { Jobs } from '@aegis/jobs';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

const MONTHS_AHEAD = 3;
const SIX_HOURS_MS = 6 * 60 * 60 * 1000;
const JITTER_MS = 60_000;

/** Keeps the audit trail's monthly partitions made ahead: without one for now, nothing could be recorded. */
@Injectable()
export class AuditPartitions {
  constructor(dataSource: DataSource, jobs: Jobs) {
    jobs.add({
      name: 'audit-partitions',
      pauseMs: SIX_HOURS_MS,
      jitterMs: JITTER_MS,
      failure: 'audit partitions could not be made ahead',
      failureLevel: 'error',
      startNeeds: 'first-success',
      run: () => dataSource.query('SELECT audit_logs_make_partitions($1)', [MONTHS_AHEAD]),
    });
  }
}
