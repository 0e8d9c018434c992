import { CUSTOMER_ID_RULE, MODULE_NAME_RULE } from '@aegis/field-rules';
import { KEY_ID, LICENSE_TYPES, type LicenseType } from '@aegis/license-token';
import { Length, PageDto, PageQueryDto, Pattern, QueryTimestamp } from '@aegis/http';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString } from 'class-validator';
import { LICENSE_SORTS, type LicenseSort, type ListLicenses } from '../license-list';
import type { LicenseStatus } from '../state/license-status';
import { LICENSE_STATUSES, LicenseSummaryDto } from './license.dto';

/** Filters and order of a list of licenses; all filters must match. */
export class ListLicensesDto extends PageQueryDto implements ListLicenses {
  @IsOptional()
  @Pattern(CUSTOMER_ID_RULE.pattern, CUSTOMER_ID_RULE.rule)
  customer_id?: string;

  @IsOptional()
  @Pattern(MODULE_NAME_RULE.pattern, MODULE_NAME_RULE.rule)
  module_name?: string;

  @ApiPropertyOptional({ enum: LICENSE_TYPES, enumName: 'LicenseType' })
  @IsOptional()
  @IsIn(LICENSE_TYPES)
  license_type?: LicenseType;

  @ApiPropertyOptional({ enum: LICENSE_STATUSES, enumName: 'LicenseStatus' })
  @IsOptional()
  @IsIn(LICENSE_STATUSES)
  status?: LicenseStatus;

  /** Key that signed the newest token. */
  @IsOptional()
  @Pattern(KEY_ID, 'must be 1 to 50 of A-Z a-z 0-9 . _ -')
  key_id?: string;

  /** Ends before this time; perpetual licenses never match. */
  @QueryTimestamp()
  expires_before?: Date;

  /** Ends after this time; perpetual licenses never match. */
  @QueryTimestamp()
  expires_after?: Date;

  /** Beginning of an id, a module's name or a customer's id, without regard to case. */
  @IsOptional()
  @IsString()
  @Length(1, 200)
  q?: string;

  /** A minus sorts the latest first; perpetual licenses end last. */
  @ApiPropertyOptional({ enum: LICENSE_SORTS, default: '-created_at' })
  @IsOptional()
  @IsIn(LICENSE_SORTS)
  sort: LicenseSort = '-created_at';
}

export const LicensePageDto = PageDto(LicenseSummaryDto, 'licenses');
