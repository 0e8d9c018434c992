import { JobsModule } from '@aegis/jobs';
import { MetricsModule } from '@aegis/metrics';
import { Module } from '@nestjs/common';
import { EventRetention } from './retention/event-retention';
import { EventSequencer } from './sequencing/event-sequencer';
import { EventSequencing } from './sequencing/event-sequencing';
import { OutboxGauges } from './sequencing/outbox-gauges';
import { PlacedEvents } from './sequencing/placed-events';

/** Makes events of what is on record, and removes the old ones; the server loads it. */
@Module({
  imports: [JobsModule, MetricsModule],
  providers: [EventRetention, EventSequencer, EventSequencing, OutboxGauges, PlacedEvents],
  exports: [EventSequencer, PlacedEvents],
})
export class EventSequencingModule {}
