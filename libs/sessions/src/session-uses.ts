import { lockByIdSql } from '@aegis/database';
import { Jobs, WriteBehind } from '@aegis/jobs';
import { Logger } from '@aegis/logging';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

const PAUSE_MS = 2000;

/** Writes when sessions were used last, which is when they end by themselves: no request waits for it. */
@Injectable()
export class SessionUses extends WriteBehind<string, Date> {
  constructor(
    private readonly dataSource: DataSource,
    jobs: Jobs,
    logger: Logger,
  ) {
    super(jobs, logger, {
      name: 'session-uses',
      pauseMs: PAUSE_MS,
      failure: 'uses of sessions could not be written; they are kept',
      refusal: 'the database refused a write about a session; it is dropped',
    });
  }

  /**
   * Notes a use.
   * @param at by the database's clock
   */
  note(sessionId: string, at: Date): void {
    this.collect(sessionId, at);
  }

  protected merge(earlier: Date, later: Date): Date {
    return later > earlier ? later : earlier;
  }

  protected async write(taken: ReadonlyMap<string, Date>): Promise<void> {
    // Locked in the order of ids, so that processes which write at once don't deadlock.
    await this.dataSource.query(
      `WITH locked AS (
         ${lockByIdSql({ columns: 'id', table: 'sessions', strength: 'NO KEY UPDATE' })}
       )
       UPDATE sessions SET last_used_at = greatest(last_used_at, used.at)
         FROM unnest($1::uuid[], $2::timestamptz[]) AS used (id, at)
         JOIN locked USING (id)
        WHERE sessions.id = used.id`,
      [[...taken.keys()], [...taken.values()]],
    );
  }
}
