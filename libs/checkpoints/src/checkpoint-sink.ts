/** A checkpoint as it is shipped. */
export interface ShippedCheckpoint {
  number: number;
  jws: string;
}

/** Where checkpoints are kept besides the database. */
export interface CheckpointSink {
  /**
   * Up to which checkpoint it has them; 0 before the first.
   * @returns `mine`: whether this process is the one to ship now
   */
  acknowledged(): Promise<{ number: number; mine: boolean }>;
  /** Returns once the sink has them for good. */
  append(checkpoints: readonly ShippedCheckpoint[]): Promise<void>;
}
