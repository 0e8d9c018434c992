import { transaction } from '@aegis/database';
import { Jobs } from '@aegis/jobs';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

const TEN_MINUTES_MS = 10 * 60 * 1000;
const JITTER_MS = 60_000;
/** Rows a transaction: short ones hold nobody up. */
const BATCH = 1000;

/** Purges remembered answers after their 24 hours. */
@Injectable()
export class ExpiredAnswers {
  constructor(
    private readonly dataSource: DataSource,
    jobs: Jobs,
  ) {
    jobs.add({
      name: 'expired-answers',
      pauseMs: TEN_MINUTES_MS,
      jitterMs: JITTER_MS,
      failure: 'remembered answers could not be purged',
      run: (goesOn) => this.purge(goesOn),
    });
  }

  /** Removes all that is out of date. */
  private async purge(goesOn: () => boolean): Promise<void> {
    let removed = BATCH;
    while (removed === BATCH && goesOn()) removed = await this.purgeBatch();
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
