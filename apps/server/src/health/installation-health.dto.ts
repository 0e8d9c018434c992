import { Opaque } from '@aegis/http';
import { ApiProperty } from '@nestjs/swagger';
import { Expose, Type } from 'class-transformer';
import type { HealthStatus } from './health.service';
import { PART_NAMES, PART_STATUSES, type PartName, type PartStatus } from './parts/health-part';

/** Something that is not as it should be. */
class HealthFindingDto {
  /**
   * Name of the alarm that fires for it when it lasts; docs/runbook.md says what to do.
   * @example 'AegisAuditRecordsWait'
   */
  @Expose()
  alarm!: string;

  /** @example 'The oldest audit record has waited 3 min for a checkpoint.' */
  @Expose()
  message!: string;
}

/** One part of the installation. */
class HealthPartDto {
  @ApiProperty({ enum: PART_NAMES })
  @Expose()
  name!: PartName;

  /** `degraded`: something needs a person, and validation continues; `off`: it is not configured. */
  @ApiProperty({ enum: PART_STATUSES })
  @Expose()
  status!: PartStatus;

  /** What is not well; empty where nothing is. */
  @ApiProperty({ type: [HealthFindingDto] })
  @Expose()
  @Type(() => HealthFindingDto)
  findings!: HealthFindingDto[];

  /** What it follows from: metrics by their names, as docs/metrics.md explains them, in whole numbers. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    example: { aegis_checkpoint_lag_seconds: 1 },
  })
  @Opaque()
  measures!: Record<string, number>;
}

/** How the parts of an installation do, as the server that answers sees them. */
export class InstallationHealthDto {
  /** The worst of the parts. */
  @ApiProperty({ enum: ['healthy', 'degraded', 'unhealthy'] })
  @Expose()
  status!: HealthStatus;

  @ApiProperty({ type: [HealthPartDto] })
  @Expose()
  @Type(() => HealthPartDto)
  parts!: HealthPartDto[];
}
