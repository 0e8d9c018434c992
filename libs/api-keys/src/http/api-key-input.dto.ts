import { Length, MaxLength, type Scope, SCOPES, Timestamp } from '@aegis/web';
import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Max,
  Min,
} from 'class-validator';
import type { CreateApiKey } from '../api-keys.service';

/** A new API key. */
export class CreateApiKeyDto implements CreateApiKey {
  /**
   * What the key is recognised by: 1–100 characters.
   * @example 'Web shop'
   */
  @IsString()
  @Length(1, 100)
  name!: string;

  /** @example 'Issues licenses when an order is paid' */
  @IsOptional()
  @IsString()
  @MaxLength(500)
  description?: string | null;

  /**
   * What the key may do; nothing that the calling key may not. `admin` contains all others.
   * @example ['licenses:issue', 'customers:write']
   */
  @ApiProperty({
    enum: SCOPES,
    enumName: 'Scope',
    isArray: true,
    minItems: 1,
    maxItems: SCOPES.length,
    uniqueItems: true,
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(SCOPES.length)
  @ArrayUnique()
  @IsIn(SCOPES, { each: true })
  scopes!: Scope[];

  /**
   * From then on the key is refused; in the future. Never unless given.
   * @example '2027-01-01T00:00:00.000Z'
   */
  @IsOptional()
  @Timestamp({ required: false })
  expires_at?: Date | null;

  /**
   * Requests a minute; the server's limit unless given.
   * @example 250
   */
  @ApiProperty({ type: 'integer', nullable: true, required: false })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  rate_limit_per_minute?: number | null;
}
