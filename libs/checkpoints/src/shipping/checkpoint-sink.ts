import type { SealedRecord } from './shipped-record';

/** A checkpoint as it is shipped. */
export interface ShippedCheckpoint {
  number: number;
  jws: string;
  /** What it seals, in the order of the tree: see `withRecords`. */
  records: readonly string[];
}

/** The last checkpoint that a sink has. */
export interface AcknowledgedCheckpoint {
  number: number;
  /** As `checkpointHash` gives it; null when it was not noted. */
  hash: string | null;
  /** The checkpoint itself, where the sink can be read; absent where it only acknowledges. */
  jws?: string;
}

/** @returns the highest number of these checkpoints that the trail has, the same ones; undefined when it has none */
export type WhichIsInTrail = (checkpoints: readonly AcknowledgedCheckpoint[]) => Promise<number | undefined>;

/** Where checkpoints are kept besides the database. */
export interface CheckpointSink {
  /**
   * Up to which checkpoint it has them; undefined before the first.
   * @returns `mine`: whether this process is the one to ship the next
   */
  acknowledged(): Promise<{ last: AcknowledgedCheckpoint | undefined; mine: boolean }>;
  /**
   * The newest checkpoint that both the sink and the trail have. Absent where the sink can't be read.
   * @returns its number; 0 if the whole sink has no such checkpoint, undefined if only a part of it was searched
   */
  lastInCommon?(whichIsInTrail: WhichIsInTrail): Promise<number | undefined>;
  /**
   * The records after its last checkpoint, whose own checkpoint was never written. Absent if the sink can't be read.
   */
  unfinished?(): AsyncIterable<SealedRecord>;
  /** Returns once the sink has stored them durably. */
  append(checkpoints: readonly ShippedCheckpoint[]): Promise<void>;
}
