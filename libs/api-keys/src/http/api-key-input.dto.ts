import { API_KEY_TEXTS } from '@aegis/field-rules';
import { type Scope, SCOPES } from '@aegis/access';
import { ChangedText, MayBeAbsent, ReadableText, Timestamp } from '@aegis/http';
import { ApiProperty } from '@nestjs/swagger';
import { applyDecorators } from '@nestjs/common';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  Equals,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Max,
  Min,
} from 'class-validator';
import { MAX_GRACE_SECONDS } from '../api-key-rotation';
import type { CreateApiKey, UpdateApiKey } from '../api-keys.service';

/** At least one of SCOPES, no duplicates. */
function Scopes({ required }: { required: boolean }): PropertyDecorator {
  return applyDecorators(
    ApiProperty({
      enum: SCOPES,
      enumName: 'Scope',
      isArray: true,
      minItems: 1,
      maxItems: SCOPES.length,
      uniqueItems: true,
      required,
    }),
    IsArray(),
    ArrayMinSize(1),
    ArrayMaxSize(SCOPES.length),
    ArrayUnique(),
    IsIn(SCOPES, { each: true }),
  );
}

/** What may be said of a key besides its texts and scopes; null empties a field. */
class ApiKeyDetailsDto {
  /**
   * From then on the key is refused; in the future. Null: never.
   * @example '2027-01-01T00:00:00.000Z'
   */
  @IsOptional()
  @Timestamp({ required: false })
  expires_at?: Date | null;

  /**
   * Requests per minute. Null: the server's limit.
   * @example 250
   */
  @ApiProperty({ type: 'integer', nullable: true, required: false })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  rate_limit_per_minute?: number | null;
}

/** A new API key. */
export class CreateApiKeyDto extends ApiKeyDetailsDto implements CreateApiKey {
  /**
   * Name of the key: 1–100 characters.
   * @example 'Web shop'
   */
  @IsString()
  @ReadableText(API_KEY_TEXTS.name)
  name!: string;

  /** @example 'Issues licenses when an order is paid' */
  @IsOptional()
  @IsString()
  @ReadableText(API_KEY_TEXTS.description)
  description?: string | null;

  /**
   * What the key may do: only scopes that the calling key has. `admin` contains all others.
   * @example ['licenses:issue', 'customers:write']
   */
  @Scopes({ required: true })
  scopes!: Scope[];
}

/** Changes to an API key; what is absent stays. */
export class UpdateApiKeyDto extends ApiKeyDetailsDto implements UpdateApiKey {
  /**
   * Name of the key: 1–100 characters.
   * @example 'Web shop'
   */
  @MayBeAbsent()
  @IsString()
  @ChangedText(API_KEY_TEXTS.name)
  name?: string;

  /** @example 'Issues licenses when an order is paid' */
  @IsOptional()
  @IsString()
  @ChangedText(API_KEY_TEXTS.description)
  description?: string | null;

  /**
   * Everything that the key may do from now on. Neither before nor after the change may it have a scope that the
   * calling key does not have.
   * @example ['licenses:issue', 'customers:write']
   */
  @MayBeAbsent()
  @Scopes({ required: false })
  scopes?: Scope[];

  /** An inactive key is refused. */
  @MayBeAbsent()
  @IsBoolean()
  is_active?: boolean;

  /** Null ends the grace of the previous secret now. It can't be made longer. */
  @ApiProperty({ type: 'null', required: false })
  @MayBeAbsent()
  @Equals(null, { message: 'must be null: a grace can be ended, not set' })
  previous_valid_until?: null;
}

/** How a key gets its new secret. */
export class RotateApiKeyDto {
  /**
   * How long the previous secret stays valid, in seconds: 0 unless given, at most 7 days.
   * @example 3600
   */
  @ApiProperty({ type: 'integer', required: false })
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(MAX_GRACE_SECONDS)
  grace_seconds?: number;
}
