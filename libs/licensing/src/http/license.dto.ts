import { SeatTermsDto } from '@aegis-http/activations';
import type { SeatTerms } from '@aegis/activations';
import { CustomerDto } from '@aegis-http/customers';
import { type Entitlements, LICENSE_TYPES, type LicenseType, MAX_GRACE_DAYS } from '@aegis/license-token';
import { Opaque } from '@aegis/http';
import { ApiProperty } from '@nestjs/swagger';
import { Expose, Type } from 'class-transformer';
import { ENTITLEMENTS } from './entitlements';
import type { LicenseStatus } from '../state/license-status';

export const LICENSE_STATUSES = ['active', 'suspended', 'expired', 'revoked'] as const;

/** A license as it is listed: without its token. */
export class LicenseSummaryDto {
  /** @example '7a51f2f0-3f0e-4c5e-9a53-0d5e1c2b7f10' */
  @ApiProperty({ format: 'uuid' })
  @Expose()
  id!: string;

  /** @example 'acme' */
  @Expose()
  customer_id!: string;

  /** @example 'payroll' */
  @Expose()
  module_name!: string;

  @ApiProperty({ enum: LICENSE_TYPES, enumName: 'LicenseType' })
  @Expose()
  license_type!: LicenseType;

  /** @example ['17', '18'] */
  @Expose()
  allowed_major_versions!: string[];

  @Expose()
  issued_at!: Date;

  /** The end that the newest token says: from this second on it is not valid, except in grace; null when perpetual. */
  @Expose()
  expires_at!: Date | null;

  /** Days of 86,400 seconds after `expires_at` in which it is still valid, with the warning `IN_GRACE`; 0: none. */
  @ApiProperty({ type: 'integer', minimum: 0, maximum: MAX_GRACE_DAYS })
  @Expose()
  grace_days!: number;

  /** `expired` follows from the clock, after the days of grace; revoked outranks suspended outranks expired. */
  @ApiProperty({ enum: LICENSE_STATUSES, enumName: 'LicenseStatus' })
  @Expose()
  status!: LicenseStatus;

  @Expose()
  revoked_at!: Date | null;

  @Expose()
  revoked_reason!: string | null;

  @Expose()
  suspended_at!: Date | null;

  @Expose()
  suspended_reason!: string | null;

  /** `sha256:<64 hex>` of the one installation it is bound to; null when unbound. */
  @Expose()
  instance_fingerprint!: string | null;

  /** What the license allows beyond running, by code; empty where there is nothing. */
  @ApiProperty(ENTITLEMENTS)
  @Opaque()
  entitlements!: Entitlements;

  /** How many installations may use the license at a time; null where they are not counted. */
  @ApiProperty({ type: SeatTermsDto, nullable: true })
  @Opaque()
  seats!: SeatTerms | null;

  /** The key that signed the newest token. */
  @Expose()
  key_id!: string;

  /** Counts the license's tokens. */
  @Expose()
  revision!: number;

  @Expose()
  notes!: string | null;

  @Expose()
  created_at!: Date;

  @Expose()
  updated_at!: Date;
}

/** A license with its newest token. */
export class LicenseDto extends LicenseSummaryDto {
  /** The signed license, to be sent to the customer; null once the customer was removed. */
  @Expose()
  token!: string | null;
}

/** A license with its newest token and its customer. */
export class LicenseWithCustomerDto extends LicenseDto {
  /** Null once the customer was removed. */
  @ApiProperty({ type: () => CustomerDto, nullable: true })
  @Expose()
  @Type(() => CustomerDto)
  customer!: CustomerDto | null;
}

/** What anyone who knows a license's id may know of it: nothing personal. */
export class LicenseStatusAnswerDto {
  @ApiProperty({ format: 'uuid' })
  @Expose()
  license_id!: string;

  @ApiProperty({ enum: LICENSE_STATUSES, enumName: 'LicenseStatus' })
  @Expose()
  status!: LicenseStatus;

  /**
   * Whether the newest token is valid in the right place. False for an `active` license whose customer is inactive,
   * or whose newest token was signed by a compromised key: `status` is the state of the license only.
   */
  @Expose()
  usable!: boolean;

  @Expose()
  expires_at!: Date | null;

  /** The database's time of this answer. */
  @Expose()
  checked_at!: Date;
}
