import { AuditHttpModule } from '@aegis-http/audit';
import { Module } from '@nestjs/common';
import { ActivationsController } from './http/activations.controller';
import { LicenseActivationsController } from './http/license-activations.controller';
import { CustomerRemovalController } from './http/customer-removal.controller';
import { LicenseHistoryController } from './http/license-history.controller';
import { LicenseRenewalController } from './http/license-renewal.controller';
import { LicenseSeatsController } from './http/license-seats.controller';
import { LicenseStateController } from './http/license-state.controller';
import { OfflineActivationsController } from './http/offline-activations.controller';
import { LicensesController } from './http/licenses.controller';
import { ValidationController } from './http/validation.controller';
import { LicensingModule } from './licensing.module';

@Module({
  imports: [AuditHttpModule, LicensingModule],
  // Express tries routes in this order: the one that is asked most comes first.
  controllers: [
    ValidationController,
    ActivationsController,
    LicensesController,
    LicenseStateController,
    LicenseRenewalController,
    LicenseSeatsController,
    LicenseActivationsController,
    OfflineActivationsController,
    LicenseHistoryController,
    CustomerRemovalController,
  ],
})
export class LicensingHttpModule {}
