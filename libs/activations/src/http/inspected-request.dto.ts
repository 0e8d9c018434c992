import { Length } from '@aegis/http';
import { ApiProperty } from '@nestjs/swagger';
import { Expose, Type } from 'class-transformer';
import { IsString } from 'class-validator';
import { ActivationDto } from './activation.dto';
import { SeatsInUseDto } from './seat-terms.dto';

/** The request of a machine without a network, as somebody typed it. */
export class InspectRequestDto {
  /** What the client shows there: 104 letters and digits, in groups of five or not, in either case. */
  @IsString()
  @Length(1, 1000)
  request!: string;
}

/** What the server says of the license that a request names. */
class NamedLicenseDto {
  @Expose()
  module_name!: string;

  @ApiProperty({ enum: ['active', 'suspended', 'expired', 'revoked'] })
  @Expose()
  status!: string;
}

/** What a validation of the newest token answers in the right place. */
class RequestVerdictDto {
  /** @example 'VALID' */
  @Expose()
  code!: string;

  /** What is wrong, for people; null where nothing is. */
  @Expose()
  error!: string | null;
}

/** What a request of a machine without a network says, and what the server says of it. */
export class InspectedRequestDto {
  @ApiProperty({ format: 'uuid' })
  @Expose()
  license_id!: string;

  /** The first 8 hex digits of the digest of the machine's identity, as activations show it. */
  @Expose()
  fingerprint_prefix!: string;

  /** When the request was made, by the clock of the machine. */
  @Expose()
  requested_at!: Date;

  /**
   * What `POST /api/v1/licenses/{id}/activations/offline` would answer now: `ready`, or the code of the first error. Moves
   * within 30 days are not looked at: `moves_exhausted` is still possible.
   */
  @ApiProperty({
    enum: [
      'ready',
      'license_not_found',
      'service_unavailable',
      'key_set_outdated',
      'license_not_valid',
      'seats_not_counted',
      'seats_exhausted',
    ],
  })
  @Expose()
  outcome!: string;

  /** Null where there is no such license. */
  @ApiProperty({ type: NamedLicenseDto, nullable: true })
  @Expose()
  @Type(() => NamedLicenseDto)
  license!: NamedLicenseDto | null;

  /** Of the newest token of the license, in the right place; null where there is no such license. */
  @ApiProperty({ type: RequestVerdictDto, nullable: true })
  @Expose()
  @Type(() => RequestVerdictDto)
  verdict!: RequestVerdictDto | null;

  /** Null where seats are not counted. */
  @ApiProperty({ type: SeatsInUseDto, nullable: true })
  @Expose()
  @Type(() => SeatsInUseDto)
  seats!: SeatsInUseDto | null;

  /** The last activation of this machine, also one that has ended; null where it has none. */
  @ApiProperty({ type: ActivationDto, nullable: true })
  @Expose()
  @Type(() => ActivationDto)
  activation!: ActivationDto | null;
}
