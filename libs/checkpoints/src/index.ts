export { CheckpointsHttpModule } from './checkpoints-http.module';
export { CheckpointsModule } from './checkpoints.module';
export { Sealer } from './sealer';
export { TrailVerification } from './trail-verification';
export type { Finding, Verified } from './trail-verification';
