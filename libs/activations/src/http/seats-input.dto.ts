import { MayBeAbsent } from '@aegis/http';
import { SEAT_MODES, type SeatMode } from '@aegis/license-token';
import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { type GivenSeatNumbers, type GivenSeats, SEAT_BOUNDS } from '../seats/seat-terms';

const { max, lease_seconds, offline_days, overage, moves_per_30_days } = SEAT_BOUNDS;

/** How many installations may use a license at a time. A new license gets the defaults of what is absent. */
export class SeatNumbersDto implements GivenSeatNumbers {
  /**
   * Most installations at a time. Lowering it ends none; new ones are refused until there is room.
   * @example 5
   */
  @ApiProperty({ type: 'integer', minimum: max[0], maximum: max[1] })
  @IsInt()
  @Min(max[0])
  @Max(max[1])
  max!: number;

  /** Length of a lease of a floating seat, 600 by default; not for fixed seats. */
  @ApiProperty({
    type: 'integer',
    minimum: lease_seconds[0],
    maximum: lease_seconds[1],
    nullable: true,
    required: false,
  })
  @IsOptional()
  @IsInt()
  @Min(lease_seconds[0])
  @Max(lease_seconds[1])
  lease_seconds?: number | null;

  /** Days for which the token of a fixed seat is valid offline, 30 by default; not for floating seats. */
  @ApiProperty({
    type: 'integer',
    minimum: offline_days[0],
    maximum: offline_days[1],
    nullable: true,
    required: false,
  })
  @IsOptional()
  @IsInt()
  @Min(offline_days[0])
  @Max(offline_days[1])
  offline_days?: number | null;

  /** How many more than `max` are admitted, and marked `over`; 0 by default. */
  @ApiProperty({ type: 'integer', minimum: overage[0], maximum: overage[1], required: false })
  @MayBeAbsent()
  @IsInt()
  @Min(overage[0])
  @Max(overage[1])
  overage?: number;

  /**
   * In any 30 days at most `max` + `overage` + this many different fingerprints are admitted; null: any number. By
   * default: of fixed seats `max`, at least 3; of floating seats null.
   */
  @ApiProperty({
    type: 'integer',
    minimum: moves_per_30_days[0],
    maximum: moves_per_30_days[1],
    nullable: true,
    required: false,
  })
  @IsOptional()
  @IsInt()
  @Min(moves_per_30_days[0])
  @Max(moves_per_30_days[1])
  moves_per_30_days?: number | null;

  /**
   * Whether a new installation may take the seat of another one, false by default; only with a number of
   * `moves_per_30_days`.
   * @example false
   */
  @ApiProperty({ type: Boolean, required: false })
  @MayBeAbsent()
  @IsBoolean()
  take_over?: boolean;
}

/** Seats of a license: they are counted from now on. */
export class SeatsDto extends SeatNumbersDto implements GivenSeats {
  /**
   * `fixed`: a seat is held until it is released, ended or taken over. `floating`: until its lease ends.
   * @example 'floating'
   */
  @ApiProperty({ enum: SEAT_MODES, enumName: 'SeatMode' })
  @IsIn(SEAT_MODES)
  mode!: SeatMode;

  /** Whether a validation asks for a seat, true by default; false only counts. */
  @ApiProperty({ type: Boolean, required: false })
  @MayBeAbsent()
  @IsBoolean()
  required?: boolean;
}
