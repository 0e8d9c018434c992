import { Opaque, QueryTimestamp } from '@aegis/http';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Expose } from 'class-transformer';
import { IsIn, IsOptional } from 'class-validator';
import { ACTIVITY, type Activity } from '../activity/activity-counters';
import { type AskedRange, type Interval, INTERVALS, MOST_INTERVALS } from '../activity/series-range';

/** Of which time, in which steps. */
export class SeriesQueryDto implements AskedRange {
  /** Length of an interval, which begins with a day or an hour of UTC. */
  @ApiPropertyOptional({ enum: INTERVALS, default: 'day' })
  @IsOptional()
  @IsIn(INTERVALS)
  interval: Interval = 'day';

  /** Within the first interval; 30 days or 48 hours before `until` unless given. */
  @QueryTimestamp()
  since?: Date;

  /** The last interval begins before it; now unless given. */
  @QueryTimestamp()
  until?: Date;
}

/** One list of numbers for each value. */
function ofActivity(activity: Activity): PropertyDecorator {
  const { values } = ACTIVITY[activity];
  const numbers = { type: 'array', items: { type: 'integer' }, maxItems: MOST_INTERVALS } as const;
  const ofValues = {
    type: 'object' as const,
    properties: Object.fromEntries(values.map((value) => [value, numbers])),
    required: [...values],
  };
  // As the only part: a list of required members next to it would make the property itself optional.
  return ApiProperty({ allOf: [ofValues] });
}

/** What happened over time. Each list of numbers has one for each of `starts`. */
export class SeriesDto {
  @ApiProperty({ enum: INTERVALS })
  @Expose()
  interval!: Interval;

  /** Beginning of each interval, UTC; the last one may not be over. */
  @ApiProperty({ type: 'array', items: { type: 'string', format: 'date-time' }, maxItems: MOST_INTERVALS })
  @Expose()
  starts!: Date[];

  /** Verdicts by code, also those that left no audit record. */
  @ofActivity('verdicts')
  @Opaque()
  verdicts!: Record<string, number[]>;

  /** Changes of licenses by servers; what commands and imports change is in the audit trail. */
  @ofActivity('licenses')
  @Opaque()
  licenses!: Record<string, number[]>;

  /**
   * Requests of installations for a seat: `admitted`, `renewed` (it held one), and refusals by reason; `refused` is any
   * other reason, such as a license that is not valid.
   */
  @ofActivity('admissions')
  @Opaque()
  admissions!: Record<string, number[]>;

  /** The most seats of all licenses in use at once, counted every five minutes; null where they were not counted. */
  @ApiProperty({ type: 'array', items: { type: 'integer', nullable: true }, maxItems: MOST_INTERVALS })
  @Expose()
  seats_in_use!: (number | null)[];

  /** The first hour of which anything is on record; null where nothing is. Kept for 400 days. */
  @Expose()
  counted_since!: Date | null;

  @Expose()
  generated_at!: Date;
}
