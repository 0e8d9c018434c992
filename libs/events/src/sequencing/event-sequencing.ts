import { Jobs } from '@aegis/jobs';
import { Injectable } from '@nestjs/common';
import { EventSequencer } from './event-sequencer';

/** So long an event waits for its place, at most. */
const PAUSE_MS = 100;
const PAUSE_AFTER_FAILURE_MS = 1000;

/** Gives events their places while the server runs. */
@Injectable()
export class EventSequencing {
  constructor(sequencer: EventSequencer, jobs: Jobs) {
    jobs.add({
      name: 'event-sequencing',
      pauseMs: PAUSE_MS,
      pauseAfterFailureMs: PAUSE_AFTER_FAILURE_MS,
      failure: 'events wait: they could not be given their places',
      run: (goesOn) => sequencer.run(goesOn),
    });
  }
}
