import { ActivationsModule } from '@aegis/activations';
import { AuditModule } from '@aegis/audit';
import { CustomersModule } from '@aegis/customers';
import { SigningModule } from '@aegis/signing';
import { Module } from '@nestjs/common';
import { ImportBatchWriter } from './import-batch-writer';
import { ImportedCounts } from './import-counts';
import { ImportLineCheck } from './import-line-check';
import { LicenseImportWriter } from './license-import-writer';
import { LicenseImport } from './license-import.service';

/** Imports licenses that another system issued. */
@Module({
  imports: [ActivationsModule, AuditModule, CustomersModule, SigningModule],
  providers: [ImportBatchWriter, ImportedCounts, ImportLineCheck, LicenseImport, LicenseImportWriter],
  exports: [ImportedCounts, ImportLineCheck, LicenseImport],
})
export class LicenseImportModule {}
