import { UUID_RULE } from '@aegis/field-rules';
import { SERVER_VERDICT_CODES } from '@aegis/license-token';
import { Length, Opaque, PageDto, PageQueryDto, QueryTimestamp } from '@aegis/http';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Expose } from 'class-transformer';
import { IsIn, IsOptional, Matches } from 'class-validator';
import { type ListAuditLogs, SUBJECT_KINDS } from '../audit-list';
import { EVENT_TYPES, type EventType } from '../event-types';

/** The longest id is that of a customer taken over from v0.8. */
const SUBJECT = new RegExp(`^(${SUBJECT_KINDS.join('|')}):[^\\p{Cc}]{1,255}$`, 'u');

/** Who did what, when. */
export class AuditLogDto {
  /** A decimal number; later records have greater ones. */
  @Expose()
  id!: string;

  @ApiProperty({ enum: EVENT_TYPES, enumName: 'AuditEventType' })
  @Expose()
  event_type!: EventType;

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  @Expose()
  license_id!: string | null;

  @Expose()
  customer_id!: string | null;

  @Expose()
  module_name!: string | null;

  @Expose()
  api_key_id!: string | null;

  /** `api_key:<id>`, `user:<uuid>`, `cli:<user>`, `anonymous` (no credential was given) or `system`. */
  @Expose()
  actor!: string;

  @Expose()
  ip_address!: string | null;

  @Expose()
  user_agent!: string | null;

  @Expose()
  request_id!: string | null;

  /** Codes and names of changed fields; never personal values. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  @Opaque()
  event_data!: Record<string, unknown>;

  @Expose()
  recorded_at!: Date;
}

/** Filters of the audit trail; all must match. */
export class ListAuditLogsDto extends PageQueryDto implements ListAuditLogs {
  @ApiPropertyOptional({ enum: EVENT_TYPES, enumName: 'AuditEventType' })
  @IsOptional()
  @IsIn(EVENT_TYPES, { message: `must be one of ${EVENT_TYPES.join(', ')}` })
  event_type?: EventType;

  /** Validations that were answered with this verdict. */
  @ApiPropertyOptional({ enum: SERVER_VERDICT_CODES, enumName: 'VerdictCode' })
  @IsOptional()
  @IsIn(SERVER_VERDICT_CODES, { message: `must be one of ${SERVER_VERDICT_CODES.join(', ')}` })
  code?: string;

  /**
   * What a record is about: `api_key:<id>`, `customer:<id>`, `signing_key:<kid>` or `webhook:<id>`. `api_key_id` finds what a key
   * did, `subject` what was done to it.
   * @example 'signing_key:aegis-2026-11'
   */
  @IsOptional()
  @Matches(SUBJECT, { message: `must be ${SUBJECT_KINDS.map((kind) => `${kind}:<id>`).join(' or ')}` })
  subject?: string;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @Matches(UUID_RULE.pattern, { message: UUID_RULE.rule })
  license_id?: string;

  @IsOptional()
  @Length(1, 255)
  customer_id?: string;

  @IsOptional()
  @Length(1, 64)
  api_key_id?: string;

  @IsOptional()
  @Matches(/^[A-Za-z0-9._-]{1,128}$/, { message: 'request_id must be 1 to 128 of A-Z a-z 0-9 . _ -' })
  request_id?: string;

  /** Recorded at this time or later. */
  @QueryTimestamp()
  since?: Date;

  /** Recorded before this time. */
  @QueryTimestamp()
  until?: Date;
}

export const AuditLogPageDto = PageDto(AuditLogDto, 'audit_logs');
