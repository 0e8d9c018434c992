import { SCOPES, type Scope } from '@aegis/access';
import { ApiProperty } from '@nestjs/swagger';
import { Expose } from 'class-transformer';

/** The API key of a request, as its bearer may know it. */
export class MeDto {
  @Expose()
  id!: string;

  @Expose()
  name!: string;

  @ApiProperty({ enum: SCOPES, enumName: 'Scope', isArray: true })
  @Expose()
  scopes!: Scope[];

  @Expose()
  expires_at!: Date | null;

  /** Requests per minute; null if the limits of the routes apply. */
  @Expose()
  rate_limit_per_minute!: number | null;
}
