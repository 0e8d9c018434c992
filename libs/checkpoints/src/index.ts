export { CheckpointsModule } from './checkpoints.module';
export { openCheckpoint } from './checkpoint';
export { TrailDrop } from './export/trail-drop';
export { MOST_LINE } from './export/export-bounds';
export type { ExportFilters } from './export/trail-export';
export { exportTrail } from './export/trail-export';
export { Sealer } from './sealing/sealer';
export { noteRestore, readChainBase } from './shipping/shipped-end';
export { compareWithTrail } from './shipping/in-trail';
export { readKnownCheckpoints } from './shipping/known-checkpoints';
export type { SealedRecord, ShippedRecord } from './shipping/shipped-record';
export { hasText } from './shipping/shipped-record';
export { isCutShort } from './shipping/shipped-lines';
export { isRecordLine } from './shipping/shipped-records';
export type {
  ChainBase,
  ProvenGroup,
  ShippedChain,
  ShippedSource,
  Unprovable,
  UnreadableLines,
} from './shipping/shipped-chain';
export { ShippedTrail } from './shipping/shipped-trail';
export type { LeafFields } from './tree/leaf';
export type { CheckpointKey, CheckpointKeys } from './verification/checkpoint-keys';
export type { ExportFinding } from './verification/export-verification';
export { ExportVerification } from './verification/export-verification';
export type { Finding, FindingKind } from './verification/finding';
export { isUndetermined } from './verification/finding';
export type { SignedBy } from './verification/signature-runs';
export { TrailResume } from './verification/trail-resume';
export type { Verified } from './verification/trail-verification';
export { TrailVerification, readRecordedKeys } from './verification/trail-verification';
