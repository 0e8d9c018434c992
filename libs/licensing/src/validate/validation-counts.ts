import { isInputRefused, runSplitting } from '@aegis/database';
import { Logger } from '@aegis/logging';
import type { VerdictCode } from '@aegis/license-token';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';

const FLUSH_MS = 1000;

type Counted = readonly [VerdictCode, number];

/**
 * Counts verdicts by minute, for the statistics: also those that leave no audit record. Kept in memory for up to
 * a second, so a crash may lose a second of statistics; the audit trail loses nothing.
 */
@Injectable()
export class ValidationCounts implements OnApplicationShutdown {
  private counts = new Map<VerdictCode, number>();
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly dataSource: DataSource,
    private readonly logger: Logger,
  ) {}

  add(code: VerdictCode): void {
    this.counts.set(code, (this.counts.get(code) ?? 0) + 1);
    this.timer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.flush();
  }

  /** Writes what was counted since the last time; what can't be written is kept for the next, unless it is refused. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.counts.size === 0) return;
    const flushed = [...this.counts];
    this.counts = new Map();
    await runSplitting(
      flushed,
      (counts) => this.write(counts),
      () => undefined,
      (counts, error) => {
        this.handleFailure(counts, error);
      },
    );
  }

  private async write(counts: readonly Counted[]): Promise<void> {
    await this.dataSource.query(
      `INSERT INTO validation_counts (minute, code, count)
       SELECT date_trunc('minute', clock_timestamp()), code, count
       FROM unnest($1::text[], $2::bigint[]) AS counted (code, count) ORDER BY code
       ON CONFLICT (minute, code) DO UPDATE SET count = validation_counts.count + excluded.count`,
      [counts.map(([code]) => code), counts.map(([, count]) => count)],
    );
  }

  /** What the database refuses would be refused for ever, and hold up the rest: it is dropped. */
  private handleFailure(counts: readonly Counted[], error: unknown): void {
    if (isInputRefused(error)) {
      this.logger.write('error', 'the database refused a validation count; it is dropped', { error });
      return;
    }
    for (const [code, count] of counts) this.counts.set(code, (this.counts.get(code) ?? 0) + count);
    this.logger.write('warn', 'validation counts could not be written; they are kept', { error });
  }
}
