import { UUID_RULE } from '@aegis/field-rules';
import { Opaque, QueryInteger } from '@aegis/http';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Expose, Type } from 'class-transformer';
import { IsOptional, Matches, MaxLength } from 'class-validator';
import { EVENT_API_VERSION, EVENT_NAMES, type EventName } from '../catalogue/event-kinds';

const MAX_POSITION = 999_999_999_999_999;
const MAX_LIMIT = 500;
const DEFAULT_LIMIT = 100;
const MAX_WAIT_SECONDS = 30;
const MAX_TYPES_LENGTH = 2000;

const NAMES = EVENT_NAMES.map((name) => name.replace('.', '\\.')).join('|');
const TYPES = new RegExp(`^(${NAMES})(,(${NAMES}))*$`);

/** Which events are asked for, and how long to wait for them. */
export class PullEventsDto {
  /**
   * Events after this position: `last_position` of the answer before, 0 for the first. With `endpoint` it is a sequence:
   * `last_sequence` of the answer before.
   */
  @Expose()
  @QueryInteger({ min: 0, max: MAX_POSITION })
  after = 0;

  /** Events at most. */
  @Expose()
  @QueryInteger({ min: 1, max: MAX_LIMIT })
  limit = DEFAULT_LIMIT;

  /** Seconds to wait for the next event where no event is available yet. */
  @Expose()
  @QueryInteger({ min: 0, max: MAX_WAIT_SECONDS })
  wait = 0;

  /**
   * Only events of this type, or of these, separated by commas.
   * @example 'license.issued,license.renewed'
   */
  @ApiPropertyOptional({ type: String, maxLength: MAX_TYPES_LENGTH, pattern: TYPES.source })
  @IsOptional()
  @MaxLength(MAX_TYPES_LENGTH)
  @Matches(TYPES, { message: `must be one or more of ${EVENT_NAMES.join(', ')}, separated by commas` })
  type?: string;

  /** Only events of this webhook, in the order of their sequences, also of one that is disabled. Excludes `type`. */
  @ApiPropertyOptional({ type: String, format: 'uuid' })
  @IsOptional()
  @Matches(UUID_RULE.pattern, { message: UUID_RULE.rule })
  endpoint?: string;
}

/** A change that others learn of. */
export class EventDto {
  /** The same each time that the event is delivered: a receiver that has seen it leaves it out. */
  @ApiProperty({ pattern: '^evt_[0-9a-f]{32}$', example: 'evt_3f2a91c07be84d5c9a1e6b2f4c8d7e90' })
  @Expose()
  id!: string;

  /** Its place in the order of all events: from 1, without a gap. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1 })
  @Expose()
  position?: number;

  /** Its place among the events of a webhook: from 1, without a gap. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1 })
  @Expose()
  sequence?: number;

  @ApiProperty({ enum: EVENT_NAMES })
  @Expose()
  type!: EventName;

  /** When it happened. */
  @Expose()
  timestamp!: Date;

  /** Version of the form of events. */
  @ApiProperty({ enum: [EVENT_API_VERSION] })
  @Expose()
  api_version!: string;

  /** Ids and states; what it has depends on the type. Never a token, a name or an e-mail address. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  @Opaque()
  data!: Readonly<Record<string, unknown>>;
}

/** Events in the order of their positions, or of their sequences: the OpenAPI document has a schema of each. */
export class EventPageDto {
  @ApiProperty({ type: [EventDto] })
  @Expose()
  @Type(() => EventDto)
  events!: EventDto[];

  /** What to send as the next `after`. Up to here all events were looked through, of whatever type. */
  @ApiPropertyOptional({ type: 'integer', minimum: 0 })
  @Expose()
  last_position?: number;

  /** What to send as the next `after`. */
  @ApiPropertyOptional({ type: 'integer', minimum: 0 })
  @Expose()
  last_sequence?: number;

  /** Whether there are later events already, of whatever type: ask again at once. */
  @Expose()
  has_more!: boolean;
}
