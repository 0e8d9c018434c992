import { JobsModule } from '@aegis/jobs';
import { MetricsModule } from '@aegis/metrics';
import { Module } from '@nestjs/common';
import { ActivitySeries } from './activity/activity-series';
import { CountedActivity } from './activity/counted-activity';
import { StatisticsController } from './http/statistics.controller';
import { LicenseGauges } from './license-gauges';
import { StatisticsUpkeep } from './statistics-upkeep';
import { StatisticsModule } from './statistics.module';

/** Serves the statistics, and counts what this process does. */
@Module({
  imports: [JobsModule, MetricsModule, StatisticsModule],
  providers: [ActivitySeries, CountedActivity, LicenseGauges, StatisticsUpkeep],
  controllers: [StatisticsController],
})
export class StatisticsHttpModule {}
