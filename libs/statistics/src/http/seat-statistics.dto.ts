import { UUID_RULE } from '@aegis/field-rules';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Expose, Type } from 'class-transformer';
import { IsOptional, Matches } from 'class-validator';

/** Of which license; of all unless given. */
export class SeatStatisticsQueryDto {
  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @Matches(UUID_RULE.pattern, { message: UUID_RULE.rule })
  license_id?: string;
}

/** What admissions decided on one day (UTC). */
class SeatDayDto {
  @ApiProperty({ format: 'date' })
  @Expose()
  day!: string;

  /**
   * The most seats that were taken when somebody was admitted or refused; of several licenses, that of the one with the
   * most. A seat whose lease was over counts until somebody needed it.
   */
  @Expose()
  peak!: number;

  @Expose()
  admissions!: number;

  /** For want of a seat, or of a move. */
  @Expose()
  refusals!: number;
}

/** Seats now, and on the last 30 days. */
export class SeatStatisticsDto {
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  @Expose()
  license_id!: string | null;

  /** Installations that hold a seat. */
  @Expose()
  live!: number;

  /** Those among them that were admitted beyond `max`. */
  @Expose()
  over!: number;

  /** Days of the last 30 with an admission or a refusal, the latest first. */
  @ApiProperty({ type: [SeatDayDto] })
  @Expose()
  @Type(() => SeatDayDto)
  days!: SeatDayDto[];

  @Expose()
  generated_at!: Date;
}
