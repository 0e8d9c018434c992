import { Logger } from '@aegis/logging';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';

const FLUSH_INTERVAL_MS = 2000;
/** Keys whose uses wait to be written, at most; only authenticated ones are counted, so this is seldom reached. */
const MOST_KEYS = 10_000;

interface Uses {
  count: number;
  lastAt: Date;
}

/**
 * Counts the uses of each key and when the last one was, without a write a request: counts are kept in memory and
 * written together every two seconds and at shutdown. They are statistics: a crash loses the last seconds.
 */
@Injectable()
export class ApiKeyUsage implements OnApplicationBootstrap, OnApplicationShutdown {
  private waiting = new Map<string, Uses>();
  private flushing: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.flush(), FLUSH_INTERVAL_MS);
    this.timer.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    // What was counted while an earlier flush ran is written by one of its own.
    await this.flushing;
    await this.flush();
  }

  /**
   * Notes one use.
   * @param at by the database's clock
   */
  count(keyId: string, at: Date): void {
    this.add(keyId, { count: 1, lastAt: at });
  }

  /** Writes what has been counted. If that fails, the counts stay for the next time and the log says why. */
  flush(): Promise<void> {
    this.flushing ??= this.write().finally(() => {
      this.flushing = undefined;
    });
    return this.flushing;
  }

  private add(keyId: string, { count, lastAt }: Uses): void {
    const known = this.waiting.get(keyId);
    if (!known) {
      if (this.waiting.size < MOST_KEYS) this.waiting.set(keyId, { count, lastAt });
      return;
    }
    known.count += count;
    if (lastAt > known.lastAt) known.lastAt = lastAt;
  }

  private async write(): Promise<void> {
    if (this.waiting.size === 0) return;
    const taken = this.waiting;
    this.waiting = new Map();
    const uses = [...taken.values()];
    try {
      // Locked in the order of ids, so that processes which write at once don't block each other for good.
      // `version` and `updated_at` stay: a use is no change.
      await this.dataSource.query(
        `WITH locked AS (
           SELECT id FROM api_keys WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE
         )
         UPDATE api_keys
            SET usage_count = usage_count + used.count, last_used_at = greatest(last_used_at, used.last_at)
           FROM unnest($1::text[], $2::bigint[], $3::timestamptz[]) AS used (id, count, last_at)
           JOIN locked USING (id)
          WHERE api_keys.id = used.id`,
        [[...taken.keys()], uses.map(({ count }) => count), uses.map(({ lastAt }) => lastAt)],
      );
    } catch (error) {
      for (const [keyId, counted] of taken) this.add(keyId, counted);
      this.logger.write('warn', 'uses of API keys could not be written; they are kept', { error });
    }
  }
}
