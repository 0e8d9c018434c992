import { Jobs } from '@aegis/jobs';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { removeEndedActivations, removeOldSeatDays } from './ended-activations';

const TEN_MINUTES_MS = 10 * 60 * 1000;
const JITTER_MS = 60_000;

/** Removes activations long after their end, and the numbers of old days. */
@Injectable()
export class ActivationRetention {
  constructor(dataSource: DataSource, jobs: Jobs) {
    jobs.add({
      name: 'ended-activations',
      pauseMs: TEN_MINUTES_MS,
      jitterMs: JITTER_MS,
      failure: 'activations that ended long ago could not be removed',
      run: async (goesOn) => {
        await removeEndedActivations(dataSource, goesOn);
        await removeOldSeatDays(dataSource, goesOn);
      },
    });
  }
}
