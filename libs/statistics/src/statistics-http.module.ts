import { JobsModule } from '@aegis/jobs';
import { Module } from '@nestjs/common';
import { StatisticsController } from './http/statistics.controller';
import { StatisticsUpkeep } from './statistics-upkeep';
import { StatisticsModule } from './statistics.module';

/** Serves the statistics. */
@Module({
  imports: [JobsModule, StatisticsModule],
  providers: [StatisticsUpkeep],
  controllers: [StatisticsController],
})
export class StatisticsHttpModule {}
