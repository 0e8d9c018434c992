import { AuditModule } from '@aegis/audit';
import { CustomersModule } from '@aegis/customers';
import { Module } from '@nestjs/common';
import { LicenseImportModule } from '@aegis/license-import';
import { V08AuditRecords } from './v08-audit-records';
import { V08Customers } from './v08-customers';
import { V08Import } from './v08-import.service';
import { V08LicenseImport } from './v08-license-import';

/** Takes over the data of v0.8. */
@Module({
  imports: [AuditModule, CustomersModule, LicenseImportModule],
  providers: [V08AuditRecords, V08Customers, V08Import, V08LicenseImport],
  exports: [V08Import],
})
export class V08ImportModule {}
