import { Environment } from '@aegis/config';
import { Jobs } from '@aegis/jobs';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { removeOldEvents } from './old-events';

const TEN_MINUTES_MS = 10 * 60 * 1000;
const JITTER_MS = 60_000;

/** Removes events once they have been kept for EVENTS_RETENTION_DAYS. */
@Injectable()
export class EventRetention {
  constructor(dataSource: DataSource, { EVENTS_RETENTION_DAYS }: Environment, jobs: Jobs) {
    jobs.add({
      name: 'event-retention',
      pauseMs: TEN_MINUTES_MS,
      jitterMs: JITTER_MS,
      failure: 'old events could not be removed',
      run: (goesOn) => removeOldEvents(dataSource, EVENTS_RETENTION_DAYS, goesOn),
    });
  }
}
