export type { ActivationEnd } from './activation.entity';
export { Activation, ACTIVATION_ENDS } from './activation.entity';
export type { ActivationRow, HeldRow } from './activation-rows';
export type { ActivationView, HeldActivation } from './activation-view';
export { activationView } from './activation-view';
export {
  ActivationBusy,
  ActivationEnded,
  ActivationNotFound,
  ActivationOffline,
  LicenseNotValid,
} from './activations.errors';
export type { ActivationState } from './activation-list';
export { ACTIVATION_STATES, activationList } from './activation-list';
export { ActivationRetentionModule } from './activation-retention.module';
export { ActivationsModule } from './activations.module';
export {
  countEndedActivations,
  countOldSeatDays,
  removeEndedActivations,
  removeOldSeatDays,
} from './retention/ended-activations';
export type { JudgeTokens, SeatApplication, SeatGiven, SeatJudgement } from './admission/admission-outcomes';
export { Admissions } from './admission/admissions';
export type { SeatAct } from './admission/seat-applicant';
export type { Heartbeat } from './leases/heartbeats';
export { Heartbeats } from './leases/heartbeats';
export type { OfflineFileTokens } from './offline/offline-files';
export { KeySetOutdated, MAX_FILE_DAYS, OfflineFiles } from './offline/offline-files';
export { LicenseSeats } from './seats/license-seats.entity';
export { ActivationEndings } from './seats/activation-endings';
export type { EndedActivations, EndOfAll } from './seats/end-activations';
export { endActivations, forgetNames } from './seats/end-activations';
export { readSeats } from './seats/read-seats';
export type { GivenSeatNumbers, GivenSeats, SeatTerms } from './seats/seat-terms';
export { completeSeats, DEFAULT_LEASE_SECONDS, DEFAULT_OFFLINE_DAYS, seatsWith } from './seats/seat-terms';
export type { SeatedLicense } from './seats/seat-terms-store';
export { seatsSql, SeatTermsStore } from './seats/seat-terms-store';
export type { SeatsInUse } from './seats/seats-in-use';
export { readSeatsInUse } from './seats/seats-in-use';
export { InvalidSeats, SeatsNotCounted } from './seats/seats.errors';
export { ADMISSION_RESULTS, SeatCounts } from './seat-counts';
export { ActivationTokens } from './tokens/activation-tokens';
