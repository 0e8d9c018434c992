export { LICENSE_TYPES } from './claims';
export type { LicenseClaims, LicenseHeader, LicenseType } from './claims';
export type { JwsHeader, Malformed, SignedText } from './compact-jws';
export { parseToken } from './parse';
export type { ParsedToken } from './parse';
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
export { judge, namingLicense } from './judge';
export type { Evidence, KeyTrust, OfflineRecord, Question, SignatureHolds, TokenRecord } from './judge';
export { isAcceptedAlg, verifySignature } from './signature';
export { importEd25519, KEY_SET_TYPE, MAX_KEY_SET_BYTES, openKeySet, parseKeySet } from './key-set';
export type {
  CompromisedKey,
  Ed25519Jwk,
  KeySet,
  KeySetKey,
  KeySetRefused,
  KeySetTrust,
  ParsedKeySet,
} from './key-set';
export { judgeOffline } from './offline';
export type { OfflineTrust } from './offline';
export { parseStatusList, STATUS_LIST_TYPE, STATUS_VALUES } from './status-list';
export type { ParsedStatusList, StatusBits, StatusListClaims } from './status-list';
export { listedStatus, openStatusList, statusAt } from './status-list-reader';
export type { ListedStatus, RefusedStatusList, StatusList } from './status-list-reader';
export { withoutOuterWhiteSpace } from './white-space';
export { cleanPaste, PASTE_REMAINS } from './pasted-token';
export type { CleanedPaste, PasteRemain } from './pasted-token';
