import { AuditModule } from '@aegis/audit';
import { CustomersModule } from '@aegis/customers';
import { MetricsModule } from '@aegis/metrics';
import { SigningModule } from '@aegis/signing';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CustomerRemovalService } from './customer-removal.service';
import { IssuerCheck } from './issuer-check';
import { LicenseImportWriter } from './license-import-writer';
import { LicenseImport } from './license-import.service';
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
import { StatisticsService } from './statistics.service';
import { StatusListIssuer } from './status-lists/status-list-issuer';
import { StatusListRecords } from './status-lists/status-list-records';
import { TokenInspection } from './token-inspection.service';
import { TokenMaker } from './token-maker';
import { V08AuditRecords } from './v08-audit-records';
import { V08Customers } from './v08-customers';
import { V08Import } from './v08-import.service';
import { V08LicenseImport } from './v08-license-import';
import { ValidationCounts } from './validation-counts';
import { ValidationService } from './validation.service';

const services = [
  CustomerRemovalService,
  LicenseImport,
  LicenseList,
  LicenseRenewalService,
  LicenseResign,
  LicenseStateService,
  LicensingService,
  StatisticsService,
  StatusListIssuer,
  StatusListRecords,
  TokenInspection,
  V08Import,
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
  providers: [
    ...services,
    IssuerCheck,
    LicenseImportWriter,
    LicenseLock,
    LicenseResignWriter,
    LicenseWriter,
    TokenMaker,
    V08AuditRecords,
    V08Customers,
    V08LicenseImport,
    ValidationCounts,
  ],
  exports: services,
})
export class LicensingModule {}
