import {
  EmptyIsAbsent,
  IgnoresUnknownFields,
  Length,
  ListOf,
  MaxLength,
  ObjectOf,
  RequiredUnless,
  SameAs,
} from '@aegis/http';
import { IsOptional, IsString } from 'class-validator';
import { NamedActivationDto } from '@aegis-http/activations';
import type { ValidateLicense } from '../validate/question';

/**
 * The question of an installation: may this module run here? Deployed clients of v0.8 send their own fields, and
 * empty texts for unknown values.
 */
@IgnoresUnknownFields()
export class ValidateLicenseDto implements ValidateLicense {
  /**
   * The license as the customer got it; white space around it is ignored. A text that is not a license gets the
   * verdict `MALFORMED`.
   */
  @IsString()
  token!: string;

  /**
   * Technical name of the module that wants to run.
   * @example 'payroll'
   */
  @IsString()
  @Length(1, 100)
  module_name!: string;

  /**
   * Counts by its leading number: `17`, `17.0`, `17.0.1.2` and `saas~17.2` all mean 17. Required, under this name or
   * as `version`.
   * @example '17.0'
   */
  @EmptyIsAbsent()
  @RequiredUnless('version')
  @IsString()
  @Length(1, 50)
  odoo_version?: string | null;

  /** Another name for `odoo_version`. Both may be given if they are the same. */
  @EmptyIsAbsent()
  @IsOptional()
  @IsString()
  @Length(1, 50)
  @SameAs('odoo_version')
  version?: string | null;

  /**
   * UUID of the database of the installation. Required, with `instance_domain`, if the license is bound to one; under
   * other names (`db_uuid`, `domain`, `instance_fingerprint`) it is ignored.
   */
  @EmptyIsAbsent()
  @IsOptional()
  @IsString()
  @MaxLength(255)
  instance_db_uuid?: string | null;

  /**
   * Domain of the installation; see `instance_db_uuid`.
   * @example 'erp.acme.example'
   */
  @EmptyIsAbsent()
  @IsOptional()
  @IsString()
  @MaxLength(255)
  instance_domain?: string | null;

  /** The seat of the installation. Required if the license counts seats and its token asks for one. */
  @IsOptional()
  @ObjectOf(NamedActivationDto, { nullable: true })
  activation?: NamedActivationDto | null;
}

/** One of many questions. No client of v0.8 asks it, so that an unknown field is an error here. */
export class BatchQuestionDto extends ValidateLicenseDto {}

/** Many questions at once. */
export class ValidateBatchDto {
  /** 1–1,000 questions. */
  @ListOf(BatchQuestionDto, { min: 1, max: 1000 })
  items!: BatchQuestionDto[];
}
