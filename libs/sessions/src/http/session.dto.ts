import { type Scope, SCOPES } from '@aegis/access';
import { PageDto } from '@aegis/http';
import { ApiProperty } from '@nestjs/swagger';
import { Expose, Type } from 'class-transformer';

/** The API key of a session. */
export class SessionKeyDto {
  /**
   * Public part of the key: 12 of 0–9 A–Z a–z.
   * @example '0aZ9bY8cX7dW'
   */
  @Expose()
  id!: string;

  /** @example 'Web shop' */
  @Expose()
  name!: string;

  /**
   * The beginning of the key, to recognise it.
   * @example 'aegis_production_0aZ9bY8cX7dW'
   */
  @Expose()
  prefix!: string;
}

/** A session, without the value of its cookie. */
export class SessionDto {
  @ApiProperty({ format: 'uuid' })
  @Expose()
  id!: string;

  @Expose()
  created_at!: Date;

  /** When it ends at the latest: 12 hours after its creation, and with its key. */
  @Expose()
  expires_at!: Date;

  /** When it ends unless it is used before: one hour after its last use, which is written about once per minute. */
  @Expose()
  idle_expires_at!: Date;

  /** When it was used last; written about once per minute. */
  @Expose()
  last_used_at!: Date;

  @Expose()
  @Type(() => SessionKeyDto)
  api_key!: SessionKeyDto;

  /**
   * What its key may do now; `admin` contains all others.
   * @example ['licenses:issue', 'customers:write']
   */
  @Expose()
  @ApiProperty({ enum: SCOPES, enumName: 'Scope', isArray: true })
  scopes!: Scope[];
}

/** A page of sessions. */
export const SessionPageDto = PageDto(SessionDto, 'sessions');
