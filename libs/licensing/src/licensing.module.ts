import { AuditModule } from '@aegis/audit';
import { CustomersModule } from '@aegis/customers';
import { MetricsModule } from '@aegis/metrics';
import { SigningModule } from '@aegis/signing';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CustomerRemovalService } from './customer-removal.service';
import { IssuerCheck } from './issuer-check';
import { LicenseList } from './license-list';
import { LicenseLock } from './license-lock';
import { LicenseRenewalService } from './license-renewal.service';
import { LicenseResignWriter } from './license-resign-writer';
import { LicenseResign } from './license-resign.service';
import { LicenseStateService } from './license-state.service';
import { LicenseToken } from './license-token.entity';
import { LicenseWriter } from './license-writer';
import { License } from './license.entity';
import { LicensingService } from './licensing.service';
import { TokenInspection } from './token-inspection.service';
import { TokenMaker } from './token-maker';
import { ValidationCounts } from './validation-counts';
import { ValidationService } from './validation.service';

const services = [
  CustomerRemovalService,
  LicenseList,
  LicenseRenewalService,
  LicenseResign,
  LicenseStateService,
  LicensingService,
  TokenInspection,
  ValidationCounts,
  ValidationService,
];

@Module({
  imports: [
    TypeOrmModule.forFeature([License, LicenseToken]),
    AuditModule,
    CustomersModule,
    MetricsModule,
    SigningModule,
  ],
  providers: [...services, IssuerCheck, LicenseLock, LicenseResignWriter, LicenseWriter, TokenMaker],
  exports: services,
})
export class LicensingModule {}
