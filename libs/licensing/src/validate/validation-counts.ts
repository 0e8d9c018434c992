import { Jobs, WriteBehind } from '@aegis/jobs';
import type { VerdictCode } from '@aegis/license-token';
import { Logger } from '@aegis/logging';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

const PAUSE_MS = 1000;

/**
 * Counts verdicts by minute, for the statistics: also those that leave no audit record. Kept in memory for up to
 * a second, so a crash may lose a second of statistics; the audit trail loses nothing.
 */
@Injectable()
export class ValidationCounts extends WriteBehind<VerdictCode, number> {
  constructor(
    private readonly dataSource: DataSource,
    jobs: Jobs,
    logger: Logger,
  ) {
    super(jobs, logger, {
      name: 'validation-counts',
      pauseMs: PAUSE_MS,
      failure: 'validation counts could not be written; they are kept',
      refusal: 'the database refused a validation count; it is dropped',
    });
  }

  add(code: VerdictCode): void {
    this.collect(code, 1);
  }

  protected merge(earlier: number, later: number): number {
    return earlier + later;
  }

  protected async write(counts: ReadonlyMap<VerdictCode, number>): Promise<void> {
    await this.dataSource.query(
      `INSERT INTO validation_counts (minute, code, count)
       SELECT date_trunc('minute', clock_timestamp()), code, count
       FROM unnest($1::text[], $2::bigint[]) AS counted (code, count) ORDER BY code
       ON CONFLICT (minute, code) DO UPDATE SET count = validation_counts.count + excluded.count`,
      [[...counts.keys()], [...counts.values()]],
    );
  }
}
