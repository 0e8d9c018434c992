import { HttpLimits } from './http-limits';
import { IsWholeNumber } from './rules';
import { Setting } from './setting';

/** How long events are kept. */
export abstract class EventSettings extends HttpLimits {
  @Setting({
    kind: 'integer',
    default: '90',
    description: 'Days for which events are kept to be pulled; then they are deleted (docs/events.md).',
  })
  @IsWholeNumber(1, 3650)
  EVENTS_RETENTION_DAYS!: number;
}
