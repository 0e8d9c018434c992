import { JobsModule } from '@aegis/jobs';
import { MetricsModule } from '@aegis/metrics';
import { Module } from '@nestjs/common';
import { StatisticsController } from './http/statistics.controller';
import { LicenseGauges } from './license-gauges';
import { StatisticsUpkeep } from './statistics-upkeep';
import { StatisticsModule } from './statistics.module';

/** Serves the statistics. */
@Module({
  imports: [JobsModule, MetricsModule, StatisticsModule],
  providers: [LicenseGauges, StatisticsUpkeep],
  controllers: [StatisticsController],
})
export class StatisticsHttpModule {}
