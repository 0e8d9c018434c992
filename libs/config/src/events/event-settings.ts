import { IsOptional } from 'class-validator';
import { HttpLimits } from '../http-limits';
import { AreNoticeDays, IsWholeNumber } from '../rules';
import { Setting } from '../setting';

/** How long events are kept, and which notices of ends are given. */
export abstract class EventSettings extends HttpLimits {
  @Setting({
    kind: 'integer',
    default: '90',
    description: 'Days for which events are kept to be pulled; then they are deleted (docs/events.md).',
  })
  @IsWholeNumber(1, 3650)
  EVENTS_RETENTION_DAYS!: number;

  @Setting({
    kind: 'list',
    default: '30,14,7,1',
    description:
      'How many days before the end of a license notice of it is given, comma-separated, or none (docs/expiry-notices.md).',
  })
  @AreNoticeDays()
  EXPIRY_NOTICE_DAYS!: string[];

  @Setting({
    kind: 'list',
    example: '60,30,7',
    default: '(EXPIRY_NOTICE_DAYS)',
    description: 'The same for subscriptions.',
  })
  @IsOptional()
  @AreNoticeDays()
  EXPIRY_NOTICE_DAYS_SUBSCRIPTION?: string[];

  @Setting({
    kind: 'list',
    example: '3,1',
    default: '(EXPIRY_NOTICE_DAYS)',
    description: 'The same for demo licenses.',
  })
  @IsOptional()
  @AreNoticeDays()
  EXPIRY_NOTICE_DAYS_DEMO?: string[];
}
