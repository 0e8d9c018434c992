import { type ListSource, newestFirst } from '@aegis/lists';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BrowserSession } from './browser-session.entity';
import { isLive } from './session-times';
import { keyOfVisibleSessions, type SessionCaller } from './session-visibility';

@Injectable()
export class SessionList {
  constructor(private readonly dataSource: DataSource) {}

  /** The sessions that have not ended, newest first: the caller's own ones, all with `api-keys:manage`. */
  source(caller: SessionCaller): ListSource<BrowserSession> {
    const rows = this.dataSource.createQueryBuilder(BrowserSession, 'session').where(isLive('session'));
    const key = keyOfVisibleSessions(caller);
    if (key !== null) rows.andWhere('session.api_key_id = :key', { key });
    return { rows, order: newestFirst('session', 'uuid'), list: { list: 'sessions', key } };
  }
}
