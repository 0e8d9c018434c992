import { type Scope, SCOPES } from '@aegis/access';
import { PageDto } from '@aegis/http';
import { ApiProperty } from '@nestjs/swagger';
import { Expose } from 'class-transformer';

/** An API key as callers see it, without its secret. */
export class ApiKeyDto {
  /**
   * Public part of the key: 12 of 0–9 A–Z a–z.
   * @example '0aZ9bY8cX7dW'
   */
  @Expose()
  id!: string;

  /** @example 'Web shop' */
  @Expose()
  name!: string;

  /** @example 'Issues licenses when an order is paid' */
  @Expose()
  description!: string | null;

  /**
   * What the key may do; `admin` contains all others.
   * @example ['licenses:issue', 'customers:write']
   */
  @Expose()
  @ApiProperty({ enum: SCOPES, enumName: 'Scope', isArray: true })
  scopes!: Scope[];

  /**
   * The beginning of the key, to recognise it.
   * @example 'aegis_production_0aZ9bY8cX7dW'
   */
  @Expose()
  prefix!: string;

  /** An inactive key is refused. */
  @Expose()
  is_active!: boolean;

  /** Requests per minute; null if the server's limit applies. */
  @Expose()
  @ApiProperty({ type: 'integer', nullable: true })
  rate_limit_per_minute!: number | null;

  /** From then on the key is refused; null if it does not expire. */
  @Expose()
  expires_at!: Date | null;

  /**
   * Until when the previous secret is still accepted; null when it is not. It can be ended early:
   * `PATCH` with null.
   */
  @Expose()
  previous_valid_until!: Date | null;

  /** When the key was last accepted; written every few seconds. */
  @Expose()
  last_used_at!: Date | null;

  /** How often the key was accepted; written every few seconds. */
  @Expose()
  @ApiProperty({ type: 'integer' })
  usage_count!: number;

  @Expose()
  created_at!: Date;

  /**
   * Who made it: `api_key:<id>`, `cli:<user>` or `system`.
   * @example 'cli:operator'
   */
  @Expose()
  created_by!: string;
}

/** An API key that was just made or rotated, with its secret. */
export class CreatedApiKeyDto extends ApiKeyDto {
  /** The key itself, to be sent as `X-API-Key`. Shown only once: it is not stored. */
  @Expose()
  key!: string;
}

/** A page of API keys. */
export const ApiKeyPageDto = PageDto(ApiKeyDto, 'api_keys');
