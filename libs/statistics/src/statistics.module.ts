import { Module } from '@nestjs/common';
import { LicensingModule } from '@aegis/licensing';
import { SeatStatisticsService } from './seat-statistics.service';
import { StatisticsService } from './statistics.service';

/** Counts licenses, customers, validations and seats. */
@Module({
  imports: [LicensingModule],
  providers: [SeatStatisticsService, StatisticsService],
  exports: [SeatStatisticsService, StatisticsService],
})
export class StatisticsModule {}
