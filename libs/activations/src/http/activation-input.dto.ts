import { ACTIVATION_TEXTS, UUID_RULE } from '@aegis/field-rules';
import {
  EmptyIsAbsent,
  Length,
  ListOf,
  MaxLength,
  MayBeAbsent,
  PageQueryDto,
  ReadableText,
} from '@aegis/http';
import { ACTIVATION_FINGERPRINT } from '@aegis/license-token';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { applyDecorators } from '@nestjs/common';
import { IsBoolean, IsIn, IsOptional, IsString, Matches } from 'class-validator';
import { ACTIVATION_STATES, type ActivationState } from '../activation-list';

const TAKE_OVER = new RegExp(`^(oldest|${UUID_RULE.pattern.source.slice(1, -1)})$`, 'i');

/** An installation's own identity: it is compared byte for byte, and only its digest is kept. */
function Fingerprint(): PropertyDecorator {
  return applyDecorators(
    IsString(),
    Matches(ACTIVATION_FINGERPRINT, { message: 'must be 1 to 255 characters that can be printed' }),
    ApiProperty({ minLength: 1, maxLength: 255, example: '2c1743a3-91b1-4e3e-9a59-0a3c6d2f5b10' }),
  );
}

/** Id of an activation. */
function ActivationId(): PropertyDecorator {
  return applyDecorators(
    Matches(UUID_RULE.pattern, { message: UUID_RULE.rule }),
    ApiProperty({ format: 'uuid' }),
  );
}

/** A seat that an installation says it has. */
export class NamedActivationDto {
  @ActivationId()
  id!: string;

  /** The identity that the activation was made with. */
  @Fingerprint()
  fingerprint!: string;
}

/** What an installation shows for the seat that it holds. */
export class ActivationHolderDto {
  /** The license as the customer got it. */
  @IsString()
  token!: string;

  /** The identity that the activation was made with. */
  @Fingerprint()
  fingerprint!: string;
}

/** A heartbeat. */
export class HeartbeatDto extends ActivationHolderDto {
  /** Whether a new activation token is given; true unless given. */
  @MayBeAbsent()
  @IsBoolean()
  with_token?: boolean;
}

/** A request for a seat. */
export class ActivateDto {
  /** The license as the customer got it; white space around it is ignored. */
  @IsString()
  token!: string;

  /**
   * Technical name of the module that wants to run.
   * @example 'payroll'
   */
  @IsString()
  @Length(1, 100)
  module_name!: string;

  /** @example '17.0' */
  @IsString()
  @Length(1, 50)
  odoo_version!: string;

  /** Required, with `instance_domain`, if the license is bound to an installation. */
  @EmptyIsAbsent()
  @IsOptional()
  @IsString()
  @MaxLength(255)
  instance_db_uuid?: string | null;

  /** See `instance_db_uuid`. */
  @EmptyIsAbsent()
  @IsOptional()
  @IsString()
  @MaxLength(255)
  instance_domain?: string | null;

  /** The installation's own identity, the same each time: prefer a random id that is made at the installation. */
  @Fingerprint()
  fingerprint!: string;

  /**
   * For people who look at the list of installations.
   * @example 'reception'
   */
  @IsOptional()
  @IsString()
  @ReadableText(ACTIVATION_TEXTS.name)
  name?: string | null;

  /**
   * Whose seat to take where there is no room and the license allows it: the id of an activation, or `oldest` for the one that
   * was least recently seen.
   * @example 'oldest'
   */
  @IsOptional()
  @IsString()
  @Matches(TAKE_OVER, { message: 'must be oldest or the id of an activation' })
  take_over?: string | null;
}

/** Many heartbeats at once. */
export class HeartbeatsDto {
  /** 1–1,000 activations; with tokens at most 100. */
  @ListOf(NamedActivationDto, { min: 1, max: 1000 })
  items!: NamedActivationDto[];

  /** Whether each gets a new activation token; false unless given. */
  @MayBeAbsent()
  @IsBoolean()
  with_token?: boolean;
}

/** Why the vendor ends an activation. */
export class EndActivationDto {
  /**
   * 1–500 characters, kept with the activation.
   * @example 'the machine was sold'
   */
  @IsString()
  @ReadableText(ACTIVATION_TEXTS.reason)
  reason!: string;
}

/** Which activations of a license. */
export class ListActivationsDto extends PageQueryDto {
  /** All of them unless given. */
  @ApiPropertyOptional({ enum: ACTIVATION_STATES, enumName: 'ActivationState' })
  @IsOptional()
  @IsIn(ACTIVATION_STATES)
  state?: ActivationState;
}
