import { Jobs } from '@aegis/jobs';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { endAllLeftOpen } from '../deliveries/disabling';
import { emptyOldAnswers } from './old-answers';
import { removeOldDeliveries } from './old-deliveries';

const TEN_MINUTES_MS = 10 * 60 * 1000;
const JITTER_MS = 60_000;

/**
 * Removes deliveries with their events and endpoints, and texts of answers after a week; ends those that a process left
 * open which had disabled their endpoint.
 */
@Injectable()
export class WebhookRetention {
  constructor(dataSource: DataSource, jobs: Jobs) {
    jobs.add({
      name: 'webhook-retention',
      pauseMs: TEN_MINUTES_MS,
      jitterMs: JITTER_MS,
      failure: 'old deliveries of webhooks could not be removed',
      run: async (goesOn) => {
        await endAllLeftOpen(dataSource, goesOn);
        await emptyOldAnswers(dataSource, goesOn);
        await removeOldDeliveries(dataSource, goesOn);
      },
    });
  }
}
