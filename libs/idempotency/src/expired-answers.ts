import { Jobs } from '@aegis/jobs';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { removeExpiredAnswers } from './remove-expired-answers';

const TEN_MINUTES_MS = 10 * 60 * 1000;
const JITTER_MS = 60_000;

/** Purges remembered answers after their 24 hours. */
@Injectable()
export class ExpiredAnswers {
  constructor(dataSource: DataSource, jobs: Jobs) {
    jobs.add({
      name: 'expired-answers',
      pauseMs: TEN_MINUTES_MS,
      jitterMs: JITTER_MS,
      failure: 'remembered answers could not be purged',
      run: (goesOn) => removeExpiredAnswers(dataSource, goesOn),
    });
  }
}
