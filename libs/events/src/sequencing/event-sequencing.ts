import { Jobs } from '@aegis/jobs';
import { Metrics } from '@aegis/metrics';
import { Injectable } from '@nestjs/common';
import { EVENT_NAMES } from '../catalogue/event-kinds';
import { EventSequencer } from './event-sequencer';
import { PlacedEvents } from './placed-events';

/** So long an event waits for its place, at most. */
const PAUSE_MS = 100;
const PAUSE_AFTER_FAILURE_MS = 1000;

/** Gives events their places while the server runs. */
@Injectable()
export class EventSequencing {
  constructor(sequencer: EventSequencer, placedEvents: PlacedEvents, metrics: Metrics, jobs: Jobs) {
    const placed = metrics.counter(
      {
        name: 'aegis_events_total',
        help: 'Events that this process gave their places, by type.',
        labelNames: ['type'],
      },
      EVENT_NAMES.map((type) => ({ type })),
    );
    jobs.add({
      name: 'event-sequencing',
      pauseMs: PAUSE_MS,
      pauseAfterFailureMs: PAUSE_AFTER_FAILURE_MS,
      failure: 'events wait: they could not be given their places',
      run: (goesOn) =>
        sequencer.run(goesOn, (types) => {
          for (const type of types) placed.inc({ type });
          if (types.length > 0) placedEvents.announce();
        }),
    });
  }
}
