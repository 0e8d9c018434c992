import { Opaque, PageDto } from '@aegis/http';
import { SEAT_MODES, type SeatMode } from '@aegis/license-token';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Expose, Type } from 'class-transformer';
import type { ActivationView, HeldActivation } from '../activation-view';
import { ACTIVATION_ENDS, type ActivationEnd } from '../activation.entity';

/** An installation that holds a seat, or held one. */
export class ActivationDto implements ActivationView {
  @ApiProperty({ type: String, format: 'uuid' })
  @Expose()
  id!: string;

  @ApiProperty({ type: String, format: 'uuid' })
  @Expose()
  license_id!: string;

  /** As the installation gave it; null also once the customer was removed. */
  @Expose()
  name!: string | null;

  /** The first 8 hex digits of the digest that is kept of its identity. */
  @Expose()
  fingerprint_prefix!: string;

  /** How the seat is held; a later change of the license does not change it. */
  @ApiProperty({ enum: SEAT_MODES, enumName: 'SeatMode' })
  @Expose()
  mode!: SeatMode;

  /** Admitted beyond the number of seats. */
  @Expose()
  over!: boolean;

  /** Later admissions of the license have greater ones. */
  @ApiProperty({ type: 'integer', format: 'int64' })
  @Expose()
  fence!: number;

  @Expose()
  created_at!: Date;

  /** Of its last heartbeat. */
  @Expose()
  last_seen_at!: Date;

  /** First moment at which it no longer holds its seat, unless a heartbeat comes before; null where it has no such end. */
  @Expose()
  lease_ends_at!: Date | null;

  /** End of the validity of its offline file, also after the activation has ended; null if it has no such file. */
  @Expose()
  offline_until!: Date | null;

  /** Seconds after which a heartbeat is due: a third of the lease, or of the time for which a token counts. Null once it has ended. */
  @ApiProperty({ type: 'integer', nullable: true })
  @Expose()
  heartbeat_after!: number | null;

  @Expose()
  ended_at!: Date | null;

  @ApiProperty({ enum: ACTIVATION_ENDS, enumName: 'ActivationEnd', nullable: true })
  @Expose()
  ended_by!: ActivationEnd | null;
}

/** An activation as its holder gets it. */
export class HeldActivationDto extends ActivationDto implements HeldActivation {
  /** The activation token, for checks without the server; null where none was asked for, or nothing can be signed now. */
  @Expose()
  token!: string | null;

  /** The newest license token, where the presented one is older: use it from now on. */
  @Expose()
  license_token!: string | null;
}

/** Why a heartbeat of a batch was refused. */
export class RefusedHeartbeatDto {
  /** As `code` of a problem document. */
  @Expose()
  code!: string;

  @Expose()
  detail!: string;

  /** With `activation_ended`. */
  @ApiPropertyOptional({ enum: ACTIVATION_ENDS, enumName: 'ActivationEnd' })
  @Expose()
  ended_by?: ActivationEnd;

  /** With `activation_ended`. */
  @Expose()
  ended_at?: Date;

  /** With `license_not_valid`. */
  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  @Opaque()
  verdict?: object;
}

/** The answer to one heartbeat of a batch: one of the two. */
export class HeartbeatResultDto {
  @ApiProperty({ type: HeldActivationDto, nullable: true })
  @Type(() => HeldActivationDto)
  @Expose()
  activation!: HeldActivationDto | null;

  @ApiProperty({ type: RefusedHeartbeatDto, nullable: true })
  @Type(() => RefusedHeartbeatDto)
  @Expose()
  error!: RefusedHeartbeatDto | null;
}

/** Answers in the order of the heartbeats. */
export class ActivationResultsDto {
  @Expose()
  @Type(() => HeartbeatResultDto)
  results!: HeartbeatResultDto[];
}

export const ActivationPageDto = PageDto(ActivationDto, 'activations');
