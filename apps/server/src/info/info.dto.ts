import { ApiProperty } from '@nestjs/swagger';
import { Expose } from 'class-transformer';

export class RootDto {
  /** Name of the product. */
  @Expose()
  name!: string;

  @Expose()
  version!: string;

  /** Where the documentation is served; null when it is not. */
  @ApiProperty({ type: String, format: 'uri', nullable: true })
  @Expose()
  docs!: string | null;
}

export class InfoDto {
  /** Name of the product. */
  @Expose()
  app_name!: string;

  @Expose()
  version!: string;

  /** ENVIRONMENT of the server. */
  @Expose()
  environment!: string;

  /** The `iss` of issued tokens. */
  @Expose()
  issuer!: string;

  /** The key that signs right now; null while none does. */
  @ApiProperty({ type: String, nullable: true })
  @Expose()
  key_id!: string | null;
}
