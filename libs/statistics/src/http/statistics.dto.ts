import { SERVER_VERDICT_CODES, type ServerVerdictCode } from '@aegis/license-token';
import { Opaque } from '@aegis/http';
import { ApiProperty } from '@nestjs/swagger';
import { Expose, Type } from 'class-transformer';

class CustomerCountsDto {
  @Expose()
  total!: number;

  @Expose()
  active!: number;

  @Expose()
  inactive!: number;
}

class LicenseTypeCountsDto {
  @Expose()
  perpetual!: number;

  @Expose()
  subscription!: number;

  @Expose()
  demo!: number;
}

class LicenseCountsDto {
  @Expose()
  total!: number;

  @Expose()
  active!: number;

  @Expose()
  expired!: number;

  @Expose()
  suspended!: number;

  @Expose()
  revoked!: number;

  @Expose()
  @Type(() => LicenseTypeCountsDto)
  by_type!: LicenseTypeCountsDto;

  /** Active ones that end within 7 days. */
  @Expose()
  expiring_7d!: number;

  /** Active ones that end within 30 days. */
  @Expose()
  expiring_30d!: number;

  /** Active ones that end within 90 days. */
  @Expose()
  expiring_90d!: number;
}

class ValidationCountsDto {
  @Expose()
  total!: number;

  @Expose()
  valid!: number;

  /** How often each verdict was given. */
  @ApiProperty({
    type: 'object',
    properties: Object.fromEntries(SERVER_VERDICT_CODES.map((code) => [code, { type: 'integer' }])),
    required: [...SERVER_VERDICT_CODES],
  })
  @Opaque()
  by_code!: Record<ServerVerdictCode, number>;
}

class ValidationsDto {
  @Expose()
  @Type(() => ValidationCountsDto)
  last_24h!: ValidationCountsDto;
}

class AuditLogCountsDto {
  @Expose()
  total!: number;
}

/** Counts at one moment. */
export class StatisticsDto {
  @Expose()
  @Type(() => CustomerCountsDto)
  customers!: CustomerCountsDto;

  @Expose()
  @Type(() => LicenseCountsDto)
  licenses!: LicenseCountsDto;

  @Expose()
  @Type(() => ValidationsDto)
  validations!: ValidationsDto;

  @Expose()
  @Type(() => AuditLogCountsDto)
  audit_logs!: AuditLogCountsDto;

  @Expose()
  generated_at!: Date;
}
