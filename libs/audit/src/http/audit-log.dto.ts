import { Length, PageDto, PageQueryDto, QueryTimestamp } from '@aegis/web';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Expose, Transform } from 'class-transformer';
import { IsOptional, Matches } from 'class-validator';
import type { ListAuditLogs } from '../audit-list';

/** Of any version and variant, as imported licenses have them (RFC 9562 section 4). */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Who did what, when. */
export class AuditLogDto {
  /** A decimal number; later records have greater ones. */
  @Expose()
  id!: string;

  /** @example 'license.issued' */
  @Expose()
  event_type!: string;

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  @Expose()
  license_id!: string | null;

  @Expose()
  customer_id!: string | null;

  @Expose()
  module_name!: string | null;

  @Expose()
  api_key_id!: string | null;

  /** `api_key:<id>`, `cli:<user>` or `system`. */
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
  @Expose()
  @Transform(({ obj }: { obj: AuditLogDto }) => obj.event_data)
  event_data!: Record<string, unknown>;

  @Expose()
  recorded_at!: Date;
}

/** Filters of the audit trail; all must match. */
export class ListAuditLogsDto extends PageQueryDto implements ListAuditLogs {
  @IsOptional()
  @Matches(/^[a-z_]{1,40}\.[a-z_]{1,40}$/, { message: 'event_type must look like license.issued' })
  event_type?: string;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @Matches(UUID, { message: 'license_id must be a UUID' })
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
