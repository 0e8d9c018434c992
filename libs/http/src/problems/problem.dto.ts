import type { ErrorCode } from '@aegis/errors';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { ProblemDocument } from './problem-document';

/** One broken rule of the request. */
export class FieldErrorDto {
  /** Path of the field as the caller wrote it, e.g. `items.3.token`. */
  @ApiProperty({
    type: String,
    maxLength: 200,
    description: 'Path of the field as the caller wrote it: `items.3.token`. Cut after 200 characters.',
  })
  field!: string;

  /** The rule, in words; never the value. */
  @ApiProperty({ type: String, maxLength: 500, description: 'The rule, in words; never the value.' })
  message!: string;
}

/** An installation that holds a seat. */
export class SeatHolderDto {
  /** Activation id, for `take_over`. */
  @ApiProperty({ type: String, format: 'uuid', description: 'Activation id, for `take_over`.' })
  id!: string;

  /** As it was given at the activation. */
  @ApiProperty({ type: String, nullable: true, description: 'As it was given at the activation.' })
  name!: string | null;

  @ApiProperty({ type: String, format: 'date-time', description: 'When it was last heard of.' })
  last_seen_at!: Date;
}

/** Every error's body: a problem document (RFC 9457), `application/problem+json`. */
export class ProblemDto implements ProblemDocument {
  /** Address of the explanation: `PUBLIC_URL/problems/<code>`. */
  @ApiProperty({ type: String, format: 'uri', description: 'Where the error is explained.' })
  type!: string;

  /** Short, the same for every occurrence. */
  @ApiProperty({ type: String, description: 'Short, the same for every occurrence.' })
  title!: string;

  /** The HTTP status. */
  @ApiProperty({ type: 'integer', description: 'The HTTP status.' })
  status!: number;

  /** What happened this time. */
  @ApiProperty({ type: String, description: 'What happened this time.' })
  detail!: string;

  /** Path of the request, without its query; the first 1,024 characters of it. */
  @ApiProperty({
    type: String,
    maxLength: 1_024,
    description: 'Path of the request, without its query; the first 1,024 characters of it.',
  })
  instance!: string;

  /** Stable name of the error, for programs. */
  @ApiProperty({ type: String, description: 'Stable name of the error, for programs.' })
  code!: ErrorCode;

  /** Id of the request, as in the header `X-Request-ID` and in the log. */
  @ApiProperty({ type: String, description: 'Id of the request, as in `X-Request-ID` and in the log.' })
  request_id!: string;

  /** Broken rules, all at once, or the first 100; only with status 422. */
  @ApiPropertyOptional({
    type: [FieldErrorDto],
    maxItems: 100,
    description: 'All broken rules; if there are too many for one answer, the first of them.',
  })
  errors?: FieldErrorDto[];

  /** With `seats_exhausted`: how many installations may hold a seat at a time. */
  @ApiPropertyOptional({
    type: 'integer',
    description: 'With `seats_exhausted`: how many installations may hold a seat at a time.',
  })
  limit?: number;

  /** With `seats_exhausted`: how many hold one. */
  @ApiPropertyOptional({ type: 'integer', description: 'With `seats_exhausted`: how many hold one.' })
  in_use?: number;

  /** With `seats_exhausted` and `moves_exhausted`: before it, nothing becomes free by itself; null: nothing does. */
  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    nullable: true,
    description:
      'With `seats_exhausted` and `moves_exhausted`: before it, nothing becomes free by itself; null: nothing does.',
  })
  next_free_at?: Date | null;

  /** With `seats_exhausted`, where a takeover is allowed: who could be taken over, the least recently seen first. */
  @ApiPropertyOptional({
    type: [SeatHolderDto],
    maxItems: 20,
    description:
      'With `seats_exhausted`, where a takeover is allowed: who could be taken over, the least recently seen first.',
  })
  holders?: SeatHolderDto[];

  /** With `license_not_valid`: what a validation of the token answers. */
  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description: 'With `license_not_valid`: what a validation of the token answers.',
  })
  verdict?: object;

  /** With `activation_ended`: what ended it. */
  @ApiPropertyOptional({
    type: String,
    description:
      'With `activation_ended`: what ended it: `lease`, `released`, `ended`, `taken_over` or `customer_removed`.',
  })
  ended_by?: string;

  /** With `activation_ended`: since when it no longer holds a seat. */
  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    description: 'With `activation_ended`: since when it no longer holds a seat.',
  })
  ended_at?: Date;

  /** With `events_expired`: the first position whose event is kept. */
  @ApiPropertyOptional({
    type: 'integer',
    description: 'With `events_expired`: the first position whose event is kept.',
  })
  first_position?: number;

  /** With `position_unknown`: the last position that was given to an event. */
  @ApiPropertyOptional({
    type: 'integer',
    description: 'With `position_unknown`: the last position that was given to an event.',
  })
  last_position?: number;

  /** With `events_expired`, of a webhook: its first sequence whose event is kept. */
  @ApiPropertyOptional({
    type: 'integer',
    description: 'With `events_expired`, of a webhook: its first sequence whose event is kept.',
  })
  first_sequence?: number;

  /** With `position_unknown`, of a webhook: the last sequence that was given to an event. */
  @ApiPropertyOptional({
    type: 'integer',
    description: 'With `position_unknown`, of a webhook: the last sequence that was given to an event.',
  })
  last_sequence?: number;
}
