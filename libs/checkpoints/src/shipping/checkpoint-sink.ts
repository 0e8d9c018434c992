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

/** Where checkpoints are kept besides the database. */
export interface CheckpointSink {
  /**
   * Up to which checkpoint it has them; undefined before the first.
   * @returns `mine`: whether this process is the one to ship the next
   */
  acknowledged(): Promise<{ last: AcknowledgedCheckpoint | undefined; mine: boolean }>;
  /** Returns once the sink has stored them durably. */
  append(checkpoints: readonly ShippedCheckpoint[]): Promise<void>;
}
