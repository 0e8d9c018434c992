import { transaction } from '@aegis/database';
import { Logger } from '@aegis/logging';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';

const TEN_MINUTES_MS = 10 * 60 * 1000;
/** Rows a transaction: short ones hold nobody up. */
const BATCH = 1000;

/** Purges remembered answers after their 24 hours. */
@Injectable()
export class ExpiredAnswers implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private purging: Promise<void> | undefined;
  private isEnding = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.purge(), TEN_MINUTES_MS);
    this.timer.unref();
    void this.purge();
  }

  async onApplicationShutdown(): Promise<void> {
    this.isEnding = true;
    clearInterval(this.timer);
    await this.purging;
  }

  /** Removes all that is out of date. If that fails, the log says why and the next time tries again. */
  private purge(): Promise<void> {
    this.purging ??= this.purgeInBatches()
      .catch((error: unknown) => {
        this.logger.write('warn', 'remembered answers could not be purged', { error });
      })
      .finally(() => {
        this.purging = undefined;
      });
    return this.purging;
  }

  private async purgeInBatches(): Promise<void> {
    let removed = BATCH;
    while (removed === BATCH && !this.isEnding) removed = await this.purgeBatch();
  }

  private purgeBatch(): Promise<number> {
    return transaction(this.dataSource, async (tx) => {
      // now(), which stands still within a statement, for clock_timestamp() would keep the index from being used.
      const [, removed] = await tx.query<[unknown, number]>(
        `DELETE FROM idempotency_keys WHERE key_hash IN (
           SELECT key_hash FROM idempotency_keys
           WHERE created_at <= now() - interval '24 hours' ORDER BY created_at LIMIT $1)`,
        [BATCH],
      );
      return removed;
    });
  }
}
