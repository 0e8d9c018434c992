export { CustomerRemovalService } from './customer-removal.service';
export type { Refusal, RefusalCode } from './license-import-refusal';
export { LicenseImportModule } from './license-import.module';
export { LicenseImport } from './license-import.service';
export type { AdaptedLine, ImportOptions, ImportReport } from './license-import.service';
export { LicenseList } from './license-list';
export type { ResignPlan } from './license-resign-candidates';
export { LicenseResign } from './license-resign.service';
export type { ReissuedLicense, ResignOptions, ResignReport } from './license-resign.service';
export { LicenseToken } from './license-token.entity';
export { License } from './license.entity';
export type { LicenseStatus, StoredStatus } from './license.entity';
export { LicensingHttpModule } from './licensing-http.module';
export {
  CustomerHasLicenses,
  LicenseNotFound,
  LicenseStateConflict,
  TokenTooLarge,
} from './licensing.errors';
export { LicensingModule } from './licensing.module';
export { LicensingService } from './licensing.service';
export type { IssueLicense } from './licensing.service';
export { StatisticsHttpModule } from './statistics-http.module';
export { StatisticsService } from './statistics.service';
export { StatusListsHttpModule } from './status-lists/status-lists-http.module';
export { StatusListsModule } from './status-lists/status-lists.module';
export { StatusListIssuer } from './status-lists/status-list-issuer';
export { ValidationService } from './validation.service';
export type { ValidateLicense } from './validation.service';
export type { V08ApiKey } from './v08-api-keys';
export type { V08Finding } from './v08-findings';
export { V08ImportModule } from './v08-import.module';
export { V08Import } from './v08-import.service';
export type { V08Report } from './v08-import.service';
export { notOfV08 } from './v08-source';
export type { V08Line, V08Row, V08Source, V08Table } from './v08-source';
