export {
  type ClockState,
  type ClockTrust,
  type Ed25519Jwk,
  type Entitlements,
  type EntitlementValue,
  entitlementOf,
  type LicenseType,
  type Revocation,
  type VerdictCode,
  type Warning,
} from '@aegis/license-token';
export type { GuardStorage } from './guard-storage';
export { type KeySetTimes, keySetTimes } from './keys/key-set-times';
export type {
  CurrentKeys,
  Jwk,
  PinnedKey,
  Root,
  SignedKeySet,
  TransportedKeys,
  TrustedKeys,
} from './keys/trusted-keys';
export {
  type OfflineSeatFile,
  type OfflineSeatRequest,
  offlineSeatRequest,
  readOfflineSeatFile,
} from './seats/offline-seat';
export type { Clocks } from './seats/lease-clock';
export { type SeatEvent, SeatHolder, type SeatHolderOptions } from './seats/seat-holder';
export type { SeatProblem } from './seats/seat-server';
export type { SeatState, SeatStorage } from './seats/seat-state';
export {
  fetchStatusList,
  type FetchedStatusList,
  type FetchStatusListOptions,
} from './status-lists/fetch-status-list';
export {
  type Refreshed,
  StatusListKeeper,
  type StatusListKeeperOptions,
  type TextStorage,
} from './status-lists/status-list-keeper';
export { statusListUri } from './status-lists/status-list-uri';
export type { Schedule } from './timers';
export { UnsupportedError } from './unsupported-error';
export type { LicenseVerdict } from './license-verdict';
export { type Instance, type ShownSeat, type VerifyOptions, verifyLicense } from './verify-license';
