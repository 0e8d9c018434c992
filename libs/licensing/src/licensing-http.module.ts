import { MetricsModule } from '@aegis/metrics';
import { SigningModule } from '@aegis/signing';
import { Module } from '@nestjs/common';
import { CustomerRemovalController } from './http/customer-removal.controller';
import { LicenseRenewalController } from './http/license-renewal.controller';
import { LicenseStateController } from './http/license-state.controller';
import { LicensesController } from './http/licenses.controller';
import { StatisticsController } from './http/statistics.controller';
import { StatusListsController } from './http/status-lists.controller';
import { ValidationController } from './http/validation.controller';
import { LicensingModule } from './licensing.module';
import { StatisticsUpkeep } from './statistics-upkeep';
import { StatusListUpkeep } from './status-lists/status-list-upkeep';
import { StatusLists } from './status-lists/status-lists.service';

@Module({
  imports: [LicensingModule, MetricsModule, SigningModule],
  providers: [StatisticsUpkeep, StatusLists, StatusListUpkeep],
  // Express tries routes in this order: the one that is asked most comes first.
  controllers: [
    ValidationController,
    LicensesController,
    LicenseStateController,
    LicenseRenewalController,
    CustomerRemovalController,
    StatisticsController,
    StatusListsController,
  ],
})
export class LicensingHttpModule {}
