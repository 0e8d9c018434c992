import { PageDto } from '@aegis/http';
import { ApiProperty } from '@nestjs/swagger';
import { Expose } from 'class-transformer';
import { DISABLED_REASONS, type DisabledReason } from '../endpoints/webhook-endpoint.entity';

const PUBLIC_KEY = 'whpk_Vhkr+vaHBjcC0JNgWz/I6XR3rsYXKeCyCTcRkvCqJmA=';

/** A webhook as callers see it, without its secret. */
export class WebhookDto {
  @Expose()
  @ApiProperty({ format: 'uuid' })
  id!: string;

  /**
   * Where events are sent to.
   * @example 'https://shop.example.com/hooks/aegis'
   */
  @Expose()
  @ApiProperty({ format: 'uri' })
  url!: string;

  /** @example 'The shop, which mails renewed licenses' */
  @Expose()
  description!: string | null;

  /**
   * Types of the events that it gets, or groups of them; null for all.
   * @example ['license.*', 'customer.deleted']
   */
  @Expose()
  @ApiProperty({ type: [String], nullable: true })
  event_types!: string[] | null;

  /**
   * Modules that its events are about; null for all.
   * @example ['payroll']
   */
  @Expose()
  @ApiProperty({ type: [String], nullable: true })
  module_names!: string[] | null;

  /**
   * Customers that its events are about; null for all.
   * @example ['acme']
   */
  @Expose()
  @ApiProperty({ type: [String], nullable: true })
  customer_ids!: string[] | null;

  /**
   * Form of its bodies: the one that was current when it was created. A later version of the server keeps to it.
   * @example '1'
   */
  @Expose()
  api_version!: string;

  /** An inactive webhook gets nothing. */
  @Expose()
  is_active!: boolean;

  /**
   * Why it is inactive: an operator said so, it answered 410 (`gone`), or nothing succeeded for 5 days (`failing`). Null
   * while it is active.
   */
  @Expose()
  @ApiProperty({ enum: DISABLED_REASONS, nullable: true })
  disabled_reason!: DisabledReason | null;

  @Expose()
  disabled_at!: Date | null;

  /** Ed25519, to verify `v1a` signatures: base64 of the 32 bytes behind the prefix. */
  @Expose()
  @ApiProperty({ pattern: '^whpk_[A-Za-z0-9+/]{43}=$', example: PUBLIC_KEY })
  public_key!: string;

  /** Until when messages are, or were, signed with the keys of before the last rotation too; null if they never were. */
  @Expose()
  previous_valid_until!: Date | null;

  /** Of its latest event; 0 before the first. Counts up without a gap. */
  @Expose()
  @ApiProperty({ type: 'integer', minimum: 0 })
  sequence!: number;

  /** When a delivery last succeeded. */
  @Expose()
  last_success_at!: Date | null;

  /** The first failed attempt since the last success; null while there is none. */
  @Expose()
  failing_since!: Date | null;

  /**
   * Who made it: `api_key:<id>`.
   * @example 'api_key:0aZ9bY8cX7dW'
   */
  @Expose()
  created_by!: string;

  @Expose()
  created_at!: Date;

  /** When its settings were last changed. */
  @Expose()
  updated_at!: Date;
}

/** A webhook that was just made or rotated, with its secret. */
export class CreatedWebhookDto extends WebhookDto {
  /** To verify `v1` signatures: base64 of 32 bytes behind the prefix. Shown only once. */
  @Expose()
  @ApiProperty({
    pattern: '^whsec_[A-Za-z0-9+/]{43}=$',
    example: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD7YmTuHIUvtA=',
  })
  secret!: string;
}

/** A page of webhooks. */
export const WebhookPageDto = PageDto(WebhookDto, 'webhooks');
