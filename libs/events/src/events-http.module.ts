import { Module } from '@nestjs/common';
import { EventsController } from './http/events.controller';
import { EndpointPages } from './reading/endpoint-pages';
import { EventPages } from './reading/event-pages';
import { EventPull } from './reading/event-pull';
import { PositionWatch } from './reading/position-watch';

/** Serves events; only the server loads it. */
@Module({ providers: [EndpointPages, EventPages, EventPull, PositionWatch], controllers: [EventsController] })
export class EventsHttpModule {}
