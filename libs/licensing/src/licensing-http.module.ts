import { Module } from '@nestjs/common';
import { CustomerRemovalController } from './http/customer-removal.controller';
import { LicenseRenewalController } from './http/license-renewal.controller';
import { LicenseStateController } from './http/license-state.controller';
import { LicensesController } from './http/licenses.controller';
import { ValidationController } from './http/validation.controller';
import { LicensingModule } from './licensing.module';

@Module({
  imports: [LicensingModule],
  // Express tries routes in this order: the one that is asked most comes first.
  controllers: [
    ValidationController,
    LicensesController,
    LicenseStateController,
    LicenseRenewalController,
    CustomerRemovalController,
  ],
})
export class LicensingHttpModule {}
