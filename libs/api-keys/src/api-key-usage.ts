import { lockByIdSql } from '@aegis/database';
import { Jobs, WriteBehind } from '@aegis/jobs';
import { Logger } from '@aegis/logging';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

const PAUSE_MS = 2000;

interface Uses {
  count: number;
  lastAt: Date;
}

/** Counts the uses of each key and when the last one was. They are statistics: a crash loses the last seconds. */
@Injectable()
export class ApiKeyUsage extends WriteBehind<string, Uses> {
  constructor(
    private readonly dataSource: DataSource,
    jobs: Jobs,
    logger: Logger,
  ) {
    super(jobs, logger, {
      name: 'api-key-uses',
      pauseMs: PAUSE_MS,
      failure: 'uses of API keys could not be written; they are kept',
      refusal: 'the database refused a write about an API key; it is dropped',
    });
  }

  /**
   * Notes one use.
   * @param at by the database's clock
   */
  count(keyId: string, at: Date): void {
    this.collect(keyId, { count: 1, lastAt: at });
  }

  protected merge(known: Uses, { count, lastAt }: Uses): Uses {
    return { count: known.count + count, lastAt: lastAt > known.lastAt ? lastAt : known.lastAt };
  }

  protected async write(taken: ReadonlyMap<string, Uses>): Promise<void> {
    const uses = [...taken.values()];
    // Locked in the order of ids, so that processes which write at once don't deadlock.
    // `version` and `updated_at` stay: a use is not a change.
    await this.dataSource.query(
      `WITH locked AS (
         ${lockByIdSql({ columns: 'id', table: 'api_keys', strength: 'NO KEY UPDATE' })}
       )
       UPDATE api_keys
          SET usage_count = usage_count + used.count, last_used_at = greatest(last_used_at, used.last_at)
         FROM unnest($1::text[], $2::bigint[], $3::timestamptz[]) AS used (id, count, last_at)
         JOIN locked USING (id)
        WHERE api_keys.id = used.id`,
      [[...taken.keys()], uses.map(({ count }) => count), uses.map(({ lastAt }) => lastAt)],
    );
  }
}
