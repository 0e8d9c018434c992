export { openCheckpoint, readCheckpoint } from './checkpoint';
export type { CheckpointClaims, PublicKeys } from './checkpoint';
export { CheckpointsHttpModule } from './checkpoints-http.module';
export { CheckpointsModule } from './checkpoints.module';
export type { Finding, FindingKind } from './finding';
export { Sealer } from './sealer';
export { TrailVerification } from './trail-verification';
export type { Verified, VerificationOptions } from './trail-verification';
