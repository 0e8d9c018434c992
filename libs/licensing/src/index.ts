export { LicenseActivations } from './activate/license-activations.service';
export { OfflineActivations } from './activate/offline-activations';
export { ExpiryNoticesModule } from './expiry-notices.module';
export { tokenAuditData } from './issue/token-audit-data';
export { tokenHash } from './issue/token-issuer';
export { LICENSE_CHANGES, LicenseChanges } from './license-changes';
export { LicenseToken } from './license-token.entity';
export { License } from './license.entity';
export { LicensingModule } from './licensing.module';
export { CustomerRemovalService } from './remove/customer-removal.service';
export type { ResignPlan } from './resign/license-resign-candidates';
export type { ReissuedLicense } from './resign/license-resign.service';
export { LicenseResign } from './resign/license-resign.service';
export type { CompromiseEffect } from './state/compromise-effect';
export { countCompromised } from './state/compromise-effect';
export type { LicenseStatus, StoredStatus } from './state/license-status';
export {
  endSql,
  endsWithinSql,
  graceEndsWithinSql,
  hasStatusSql,
  notRevokedSql,
  statusSql,
} from './state/license-status';
export { TokenProofs } from './validate/token-proofs';
export { UnrecordedTokens } from './validate/unrecorded-tokens';
export { ValidationCounts } from './validate/validation-counts';
export { ValidationRecords } from './validate/validation-records';
export { ValidationService } from './validate/validation.service';
