export { LICENSE_TYPES } from './claims';
export type { LicenseClaims, LicenseHeader, LicenseType } from './claims';
export { parseToken } from './parse';
export type { Malformed, ParsedToken } from './parse';
export { fitsTokenLimit, lintClaims } from './lint';
export {
  CUSTOMER_ID,
  INSTANCE_FINGERPRINT,
  KEY_ID,
  MAJOR_VERSION,
  MAX_CUSTOMER_NAME_LENGTH,
  MAX_MAJOR_VERSIONS,
  MAX_TOKEN_BYTES,
  MODULE_NAME,
} from './rules';
export { instanceFingerprint } from './fingerprint';
export { majorVersion } from './version';
export { VERDICT_CODES, VERDICT_ERRORS, WARNINGS } from './verdict';
export type { Verdict, VerdictCode, Warning } from './verdict';
export { judge } from './judge';
export type { Evidence, KeyTrust, Question, SignatureHolds, TokenRecord } from './judge';
export { isAcceptedAlg, verifySignature } from './signature';
