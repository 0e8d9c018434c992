import { ActivationsModule } from '@aegis/activations';
import { AuditModule } from '@aegis/audit';
import { CustomersModule } from '@aegis/customers';
import { SigningModule } from '@aegis/signing';
import { Module } from '@nestjs/common';
import { ImportedCounts } from './import-counts';
import { LicenseImportWriter } from './license-import-writer';
import { LicenseImport } from './license-import.service';

/** Imports licenses that another system issued. */
@Module({
  imports: [ActivationsModule, AuditModule, CustomersModule, SigningModule],
  providers: [ImportedCounts, LicenseImport, LicenseImportWriter],
  exports: [ImportedCounts, LicenseImport],
})
export class LicenseImportModule {}
