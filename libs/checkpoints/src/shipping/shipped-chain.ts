import type { SealedRecord } from './shipped-record';

/** A file of a shipped trail. */
export interface ShippedSource {
  /** For people. */
  name: string;
  /** @param start byte to begin with */
  read(start: number): AsyncIterable<Buffer>;
}

/** The end of the database's own chain. */
export interface ChainBase {
  /** Number of its last checkpoint; 0 without checkpoints. */
  number: number;
  /** Of that checkpoint; null without checkpoints. */
  hash: string | null;
  /** When its records were read, seconds since 1970; 0 without checkpoints. */
  iat: number;
}

/** A checkpoint that follows the database's own, with every record that it seals. */
export interface ProvenGroup {
  number: number;
  jws: string;
  /** When its records were read, seconds since 1970. */
  iat: number;
  epoch: number;
  records: SealedRecord[];
}

/** Why a checkpoint that was shipped, and those after it, do not count. */
export type Unprovable =
  | { reason: 'key_not_held'; kid: string }
  | { reason: 'checkpoint_compromised'; kid: string }
  /** The key that it names did not sign it. */
  | { reason: 'checkpoint_forged' }
  /** Records were not shipped with it, as by versions before, or only as a hash. */
  | { reason: 'records_missing' }
  /** A later one is there, and one in between is not. */
  | { reason: 'checkpoint_missing' }
  /** Two different checkpoints follow, and each is continued by a trusted key. */
  | { reason: 'chain_forked' }
  /** Checkpoints that the database does not have, with numbers that others have there. */
  | { reason: 'other_chain' }
  /** Nothing else, but lines can't be read. */
  | { reason: 'lines_unreadable' };

/** What the files of a shipped trail say beyond the database. */
export interface ShippedChain {
  /** Whether they have the checkpoint with which the database ends, or any that follows it. */
  isConnected: boolean;
  /** Number of the last checkpoint that is proven; that of the database where none is. */
  provenTo: number;
  /** The highest number of a checkpoint in the files; 0 without checkpoints. */
  last: number;
  /** Names of files without a checkpoint. */
  empty: string[];
  /** Lines that are neither records nor checkpoints, besides those that a crash cut and that were written again. */
  unreadable: UnreadableLines;
  /** Why nothing after `provenTo` counts; undefined where nothing comes after it. */
  unprovable?: Unprovable;
}

/** Lines of files that can't be read as what is shipped: any of them may have been a revocation. */
export interface UnreadableLines {
  count: number;
  /** The first of them. */
  named: { file: string; line: number }[];
}
