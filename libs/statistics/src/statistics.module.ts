import { Module } from '@nestjs/common';
import { LicensingModule } from '@aegis/licensing';
import { StatisticsService } from './statistics.service';

/** Counts licenses, customers and validations. */
@Module({ imports: [LicensingModule], providers: [StatisticsService], exports: [StatisticsService] })
export class StatisticsModule {}
