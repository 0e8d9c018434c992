import { Jobs } from '@aegis/jobs';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { removeExpiredSessions } from './remove-expired-sessions';

const TEN_MINUTES_MS = 10 * 60 * 1000;
const JITTER_MS = 60_000;

/** Removes sessions that have expired. */
@Injectable()
export class ExpiredSessions {
  constructor(dataSource: DataSource, jobs: Jobs) {
    jobs.add({
      name: 'expired-sessions',
      pauseMs: TEN_MINUTES_MS,
      jitterMs: JITTER_MS,
      failure: 'expired sessions could not be removed',
      run: (goesOn) => removeExpiredSessions(dataSource, goesOn),
    });
  }
}
