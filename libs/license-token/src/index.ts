export type { ActivationClaims, ActivationTokenFacts } from './activations/activation-claims';
export { ACTIVATION_TYPE, activationClaims } from './activations/activation-claims';
export { ACTIVATION_FINGERPRINT, activationFingerprint } from './activations/activation-fingerprint';
export type { ParsedActivation } from './activations/activation-token';
export { openActivation, parseActivation } from './activations/activation-token';
export type { OfflineFile } from './activations/offline-file';
export { OFFLINE_FILE_FORMAT, parseOfflineFile } from './activations/offline-file';
export type { OfflineRequest, RefusedRequest } from './activations/offline-request';
export { formatOfflineRequest, newOfflineRequest, parseOfflineRequest } from './activations/offline-request';
export type { ShownActivation } from './activations/offline-seat';
export type { KnownActivation, SeatEvidence } from './activations/seat-evidence';
export type { ClockState, ClockTrust } from './clock-guard';
export { readClockState } from './clock-guard';
export type { LicenseClaims, LicenseType, SeatMode, SeatsClaim } from './claims/claims';
export { LICENSE_TYPES, SEAT_MODES } from './claims/claims';
export type { Entitlements, EntitlementValue } from './claims/entitlements';
export {
  brokenEntitlementRules,
  ENTITLEMENT_CODE,
  inStoredOrder,
  MAX_ENTITLEMENT_TEXT,
  MAX_ENTITLEMENTS,
  MAX_ENTITLEMENTS_BYTES,
  takesAway,
} from './claims/entitlements';
export { fitsTokenLimit, lintClaims } from './claims/lint';
export {
  CUSTOMER_ID,
  INSTANCE_FINGERPRINT,
  KEY_ID,
  MAJOR_VERSION,
  MAX_CUSTOMER_NAME_LENGTH,
  MAX_GRACE_DAYS,
  MAX_MAJOR_VERSIONS,
  MODULE_NAME,
  UUID,
} from './claims/rules';
export { instanceFingerprint } from './fingerprint';
export type { Evidence, KeyTrust, Question, TokenRecord } from './judge';
export { judge, judgeForSeat, namingLicense } from './judge';
export type { CompromisedKey, Ed25519Jwk, KeySet, KeySetKey, KeySetRefused } from './key-set';
export {
  importEd25519,
  isEd25519,
  isNamedKey,
  KEY_SET_TYPE,
  MAX_KEY_SET_BYTES,
  openAnyKeySet,
  openKeySet,
  parseKeySet,
} from './key-set';
export { proofByKeySet, publicKeyOf } from './key-set-proof';
export { hasSmallOrderR, isSmallOrder } from './small-order';
export { entitlementOf } from './entitlement-of';
export type { GuardedVerdict, OfflineTrust, OfflineVerdict, Revocation } from './offline';
export { judgeGuarded, judgeOffline } from './offline';
export { primitives } from './primitives';
export type { ParsedToken } from './parse';
export { parseToken } from './parse';
export { isAcceptedAlg } from './signature';
export type { ListedStatus, StatusList } from './status-lists/status-list-reader';
export { listedStatus, openStatusList, statusAt } from './status-lists/status-list-reader';
export { openTrustedLists } from './status-lists/trusted-lists';
export type { StatusListClaims } from './status-lists/status-list';
export { STATUS_LIST_TYPE, STATUS_VALUES, parseStatusList } from './status-lists/status-list';
export type { CompactJws, Malformed } from './text/compact-jws';
export { parseCompactJws } from './text/compact-jws';
export type { PasteRemain } from './text/pasted-token';
export { PASTE_REMAINS, cleanPaste } from './text/pasted-token';
export { shownToken } from './text/shown-token';
export { withoutOuterWhiteSpace } from './text/white-space';
export type { HeldSeat, ServerVerdictCode, Verdict, VerdictCode, Warning } from './verdict';
export { SERVER_VERDICT_CODES, VERDICT_CODES, WARNINGS } from './verdict';
