import { SEAT_MODES, type SeatMode, type SeatsClaim } from '@aegis/license-token';
import { ApiProperty } from '@nestjs/swagger';
import { Expose } from 'class-transformer';
import type { SeatTerms } from '../seats/seat-terms';
import type { SeatsInUse } from '../seats/seats-in-use';

/** What a license token says of seats. */
export class SeatsOfTokenDto implements SeatsClaim {
  @ApiProperty({ enum: SEAT_MODES, enumName: 'SeatMode' })
  @Expose()
  mode!: SeatMode;

  /** Whether a validation of the token asks for a seat. */
  @Expose()
  required!: boolean;
}

/** How many installations may use a license at a time. */
export class SeatTermsDto implements SeatTerms {
  /** @example 5 */
  @ApiProperty({ type: 'integer' })
  @Expose()
  max!: number;

  @ApiProperty({ enum: SEAT_MODES, enumName: 'SeatMode' })
  @Expose()
  mode!: SeatMode;

  /** Whether a validation asks for a seat. */
  @Expose()
  required!: boolean;

  /** Length of a lease; null where the mode is `fixed`. */
  @ApiProperty({ type: 'integer', nullable: true })
  @Expose()
  lease_seconds!: number | null;

  /** Days for which the token of a seat is valid offline; null where the mode is `floating`. */
  @ApiProperty({ type: 'integer', nullable: true })
  @Expose()
  offline_days!: number | null;

  /** How many more than `max` are admitted, and marked `over`. */
  @ApiProperty({ type: 'integer' })
  @Expose()
  overage!: number;

  /** Different fingerprints beyond `max` and `overage` that are admitted in any 30 days; null: any number. */
  @ApiProperty({ type: 'integer', nullable: true })
  @Expose()
  moves_per_30_days!: number | null;

  /** Whether a new installation may take the seat of another one. */
  @Expose()
  take_over!: boolean;
}

/** Seats of a license, and who is in them. */
export class SeatsInUseDto extends SeatTermsDto implements SeatsInUse {
  /** Installations that hold a seat now, by the database's clock. */
  @ApiProperty({ type: 'integer' })
  @Expose()
  in_use!: number;

  /** Those among them that were admitted beyond `max`. */
  @ApiProperty({ type: 'integer' })
  @Expose()
  over!: number;

  /** When the next seat becomes free without anybody's doing; null where no lease ends. */
  @Expose()
  next_free_at!: Date | null;
}
