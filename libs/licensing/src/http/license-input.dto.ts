import { SeatsDto } from '@aegis-http/activations';
import {
  type Entitlements,
  INSTANCE_FINGERPRINT,
  LICENSE_TYPES,
  type LicenseType,
  MAJOR_VERSION,
  MAX_GRACE_DAYS,
  MAX_MAJOR_VERSIONS,
} from '@aegis/license-token';
import { CUSTOMER_ID_RULE, LICENSE_TEXTS, MODULE_NAME_RULE } from '@aegis/field-rules';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  IsBoolean,
  ValidateIf,
} from 'class-validator';
import { ChangedText, Length, MayBeAbsent, ObjectOf, Pattern, ReadableText, Timestamp } from '@aegis/http';
import { ApiProperty } from '@nestjs/swagger';
import { EntitlementsField } from './entitlements';
import type { ReissueLicense, RenewLicense } from '../renew/token-replacement';
import type { IssueLicense } from '../issue/licensing.service';

/** The rules below, for the OpenAPI document. */
const MAJOR_VERSIONS = {
  type: 'array',
  items: { type: 'string', pattern: MAJOR_VERSION.source },
  maxItems: MAX_MAJOR_VERSIONS,
} as const;

/** What a license is to grant. */
export class IssueLicenseDto implements IssueLicense {
  /** @example 'acme' */
  @IsString()
  @Pattern(CUSTOMER_ID_RULE.pattern, CUSTOMER_ID_RULE.rule)
  customer_id!: string;

  /** @example 'payroll' */
  @IsString()
  @Pattern(MODULE_NAME_RULE.pattern, MODULE_NAME_RULE.rule)
  module_name!: string;

  /**
   * Major versions that the license covers, each 1–10 digits.
   * @example ['17', '18']
   */
  @ApiProperty(MAJOR_VERSIONS)
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_MAJOR_VERSIONS)
  @ArrayUnique()
  @IsString({ each: true })
  @Matches(MAJOR_VERSION, {
    each: true,
    message: 'each entry must be 1 to 10 digits, the major version alone, such as 17',
  })
  allowed_major_versions!: string[];

  /** @example 'subscription' */
  @ApiProperty({ enum: LICENSE_TYPES, enumName: 'LicenseType' })
  @IsIn(LICENSE_TYPES)
  license_type!: LicenseType;

  /**
   * Required for a subscription, 30 unless given for a demo, absent for a perpetual license.
   * @example 365
   */
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(36_500)
  duration_days?: number;

  /**
   * Days after the end in which the license is still valid, with the warning `IN_GRACE`; 0 or absent for a perpetual
   * license.
   * @example 14
   */
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(MAX_GRACE_DAYS)
  grace_days?: number;

  /** Binds the license to one installation: see the fingerprint route. */
  @IsOptional()
  @IsString()
  @Pattern(INSTANCE_FINGERPRINT, 'must be sha256: and 64 lower-case hex digits')
  instance_fingerprint?: string | null;

  /**
   * What the license allows beyond running: at most 100 codes, 2,048 bytes as JSON. A code is a letter of a-z and up to
   * 49 of a-z 0-9 _ . -; its value is true, false, a whole number up to 2^53 - 1, or a text of at most 200 characters.
   * @example { 'multi_company': true, 'max_employees': 250 }
   */
  @MayBeAbsent()
  @EntitlementsField()
  entitlements?: Entitlements;

  /** How many installations may use the license at a time; null or absent: they are not counted. */
  @IsOptional()
  @ObjectOf(SeatsDto, { nullable: true })
  seats?: SeatsDto | null;

  /** For the vendor only; never shown to the customer. */
  @IsOptional()
  @IsString()
  @ReadableText(LICENSE_TEXTS.notes)
  notes?: string | null;
}

/** Why a license's state is changed. */
export class ReasonDto {
  /**
   * 1–500 characters, kept with the license.
   * @example 'refunded'
   */
  @IsString()
  @ReadableText(LICENSE_TEXTS.reason)
  reason!: string;
}

/** An installation whose fingerprint is wanted. */
export class FingerprintDto {
  /** @example '5f0c9a3e-8a7b-11ee-b9d1-0242ac120002' */
  @IsString()
  @Length(1, 255)
  db_uuid!: string;

  /** @example 'erp.acme.example' */
  @IsString()
  @Length(1, 255)
  domain!: string;
}

/** What of a license may be changed without a new token. */
export class UpdateLicenseDto {
  /** For the vendor only; null empties them. */
  @ValidateIf((_, value: unknown) => value !== null)
  @IsString()
  @ChangedText(LICENSE_TEXTS.notes)
  notes!: string | null;
}

/** A token that a customer sent to support. */
export class InspectTokenDto {
  /** As pasted: what copying adds is removed. */
  @IsString()
  @Length(1, 65_536)
  token!: string;
}

/** How long to extend a license: exactly one of `duration_days` and `expires_at`. */
export class RenewLicenseDto implements RenewLicense {
  /**
   * Counted from the current end while the license is valid, also in grace, and from now once it has expired.
   * @example 365
   */
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(36_500)
  duration_days?: number;

  /** The new end, later than now and later than the current end. */
  @MayBeAbsent()
  @Timestamp({ required: false })
  expires_at?: Date;

  /** Days after the new end in which the license is still valid; as before unless given. */
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(MAX_GRACE_DAYS)
  grace_days?: number;
}

/** What the new token is to say otherwise; what is absent stays. */
export class ReissueLicenseDto implements ReissueLicense {
  /** Binds to another installation; null unbinds. */
  @IsOptional()
  @IsString()
  @Pattern(INSTANCE_FINGERPRINT, 'must be sha256: and 64 lower-case hex digits')
  instance_fingerprint?: string | null;

  /** @example ['18', '19'] */
  @MayBeAbsent()
  @ApiProperty(MAJOR_VERSIONS)
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_MAJOR_VERSIONS)
  @ArrayUnique()
  @IsString({ each: true })
  @Matches(MAJOR_VERSION, {
    each: true,
    message: 'each entry must be 1 to 10 digits, the major version alone, such as 17',
  })
  allowed_major_versions?: string[];

  /** Days after the end in which the license is still valid. Fewer than before withdraw the older tokens in any case. */
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(MAX_GRACE_DAYS)
  grace_days?: number;

  /**
   * All entitlements of the new token, in place of the former ones; an empty object takes all away. Where one is taken
   * away, lowered or replaced by another text, the older tokens are withdrawn in any case.
   * @example { 'multi_company': true, 'max_employees': 500 }
   */
  @MayBeAbsent()
  @EntitlementsField()
  entitlements?: Entitlements;

  /**
   * All of the seats, in place of the former ones; what is absent in them gets its default. Null: they are no longer
   * counted, and every activation ends. Where they differ from before, the older tokens are withdrawn in any case.
   */
  @IsOptional()
  @ObjectOf(SeatsDto, { nullable: true })
  seats?: SeatsDto | null;

  /** Withdraws the older tokens: they answer `SUPERSEDED`. */
  @MayBeAbsent()
  @IsBoolean()
  supersede?: boolean;
}
