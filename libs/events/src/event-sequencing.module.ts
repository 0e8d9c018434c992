import { JobsModule } from '@aegis/jobs';
import { Module } from '@nestjs/common';
import { EventSequencer } from './sequencing/event-sequencer';
import { EventSequencing } from './sequencing/event-sequencing';

/** Makes events of what is on record; the server loads it. */
@Module({ imports: [JobsModule], providers: [EventSequencer, EventSequencing], exports: [EventSequencer] })
export class EventSequencingModule {}
