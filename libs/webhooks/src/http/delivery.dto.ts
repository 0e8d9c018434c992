import { EVENT_NAMES, type EventName } from '@aegis/events';
import { PageDto, PageQueryDto, Timestamp } from '@aegis/http';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Expose, Type } from 'class-transformer';
import { IsIn, IsOptional } from 'class-validator';
import type { ListDeliveries } from '../history/delivery-list';
import { REPEATED_STATES, type RedeliverSince } from '../history/redelivery';
import { DELIVERY_STATES, type DeliveryState, FAILED_REASONS } from '../history/webhook-delivery.entity';

/** The event of a delivery. */
export class DeliveredEventDto {
  /** `webhook-id` of each attempt. */
  @ApiProperty({ pattern: '^evt_[0-9a-f]{32}$', example: 'evt_3f2a91c07be84d5c9a1e6b2f4c8d7e90' })
  @Expose()
  id!: string;

  @ApiProperty({ enum: EVENT_NAMES })
  @Expose()
  type!: EventName;

  /** Its place in the order of all events. */
  @ApiProperty({ type: 'integer', minimum: 1 })
  @Expose()
  position!: number;
}

/** One event for one webhook, and what became of it. */
export class DeliveryDto {
  @ApiProperty({ format: 'uuid' })
  @Expose()
  id!: string;

  /** Place of the event among those of the webhook: from 1, without a gap. */
  @ApiProperty({ type: 'integer', minimum: 1 })
  @Expose()
  sequence!: number;

  @Expose()
  @Type(() => DeliveredEventDto)
  event!: DeliveredEventDto;

  /** `sent_before_restore`: it was open at the moment to which the database was restored, and may have been made since. */
  @ApiProperty({ enum: DELIVERY_STATES })
  @Expose()
  state!: DeliveryState;

  /** Why it was given up; null in other states. */
  @ApiProperty({ enum: FAILED_REASONS, nullable: true })
  @Expose()
  failed_reason!: string | null;

  /** Attempts that count: those that a server broke off because it stopped do not. */
  @ApiProperty({ type: 'integer', minimum: 0 })
  @Expose()
  attempts!: number;

  /** When it is attempted next, at the earliest; null unless it is pending. */
  @Expose()
  next_attempt_at!: Date | null;

  /** Begin of the last attempt. While the attempt lasts, the fields below are null. */
  @Expose()
  attempted_at!: Date | null;

  /** When it was made or given up. */
  @Expose()
  ended_at!: Date | null;

  /** HTTP status of the last answer; null without an answer. */
  @ApiProperty({ type: 'integer', nullable: true })
  @Expose()
  status!: number | null;

  /**
   * Why the last attempt failed, e.g. `status`, `redirect`, `timeout`, `dns`, `refused`, `reset`, `tls`,
   * `address_forbidden` or `stopped` (with the server).
   * @example 'timeout'
   */
  @Expose()
  error!: string | null;

  /** Time from the begin of the last attempt to the answer, or the failure. */
  @ApiProperty({ type: 'integer', nullable: true })
  @Expose()
  latency_ms!: number | null;

  /** Up to 256 bytes of text of a failed answer, for 7 days; null for addresses that WEBHOOK_ALLOWED_NETWORKS opened. */
  @Expose()
  answer!: string | null;

  /** When the event got its place. */
  @Expose()
  created_at!: Date;
}

/** A delivery, and what is sent. */
export class DeliveryWithBodyDto extends DeliveryDto {
  /** Body of the requests, byte for byte as it is signed. */
  @Expose()
  request_body!: string;
}

/** Filter of a list of deliveries. */
export class ListDeliveriesDto extends PageQueryDto implements ListDeliveries {
  @ApiPropertyOptional({ enum: DELIVERY_STATES })
  @IsOptional()
  @IsIn(DELIVERY_STATES, { message: `must be one of ${DELIVERY_STATES.join(', ')}` })
  state?: DeliveryState;
}

/** A page of deliveries. */
export const DeliveryPageDto = PageDto(DeliveryDto, 'deliveries');

/** Which deliveries are repeated. */
export class RedeliverSinceDto implements RedeliverSince {
  /** Those of events that got their place then or later. */
  @ApiProperty({ type: String, format: 'date-time', example: '2026-11-29T12:00:00Z' })
  @Expose()
  @Timestamp()
  since!: Date;

  /** Only those in this state; in both unless given. */
  @Expose()
  @ApiPropertyOptional({ enum: REPEATED_STATES })
  @IsOptional()
  @IsIn(REPEATED_STATES, { message: `must be one of ${REPEATED_STATES.join(', ')}` })
  state?: RedeliverSince['state'];
}

/** What became of a request to repeat deliveries. */
export class RedeliveredDto {
  /** How many are due again. */
  @ApiProperty({ type: 'integer', minimum: 0 })
  @Expose()
  redelivered!: number;

  /** False when there are more than one request repeats: send it again. */
  @Expose()
  complete!: boolean;
}
