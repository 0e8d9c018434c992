export {
  dataExample,
  dataSchema,
  EVENT_API_VERSION,
  EVENT_KINDS,
  EVENT_NAMES,
  type EventName,
} from './catalogue/event-kinds';
export { EventSequencingModule } from './event-sequencing.module';
export { countOldEvents, removeOldEvents } from './retention/old-events';
export { eventIdSql, publicEventId } from './sequencing/event-id';
export { eventTypeSql, SOURCE_TYPES } from './sequencing/event-of-record';
export { EventSequencer } from './sequencing/event-sequencer';
export { PlacedEvents } from './sequencing/placed-events';
