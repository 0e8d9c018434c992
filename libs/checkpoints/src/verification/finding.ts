import type { UnprovenRun } from './signature-runs';

/** What can be wrong with the trail. */
export type FindingKind =
  | 'record_edited'
  | 'record_missing'
  | 'record_added'
  | 'record_backdated'
  /** The record is larger than one record may be: whether it was edited can't be determined. */
  | 'record_too_large'
  | 'records_reordered'
  | 'records_dropped_differ'
  | 'seal_missing'
  /** A seal belongs to no checkpoint. */
  | 'seal_stray'
  | 'seals_changed'
  | 'checkpoint_forged'
  /** A checkpoint says that the trail is complete up to a time after its own: a server was misled, or its key stolen. */
  | 'complete_to_false'
  /** A checkpoint says that less of the trail is complete than one before it: a server was misled, or its key stolen. */
  | 'complete_to_decreased'
  | 'checkpoint_missing'
  | 'checkpoint_replaced'
  /** A key signed it after it was compromised, and no later checkpoint of a trusted key names it. */
  | 'checkpoint_compromised'
  /** The keys lack the one that signed it, and no later checkpoint of a trusted key names it: that proves nothing. */
  | 'key_not_held'
  | 'shipped_unreadable';

/** What is wrong. */
export interface Finding {
  kind: FindingKind;
  /** Id of the record. */
  record?: string;
  /** Number of the checkpoint, or of the first of several. */
  checkpoint?: number;
  /** Number of the last of several checkpoints. */
  to?: number;
  /** Id of the key that signed them. */
  kid?: string;
  /** SHA-256 thumbprint (RFC 7638) of that key as the database has it on record. */
  thumbprint?: string;
  /** Place in the checkpoint's tree, from 0. */
  leaf?: number;
  /** Line of the shipped checkpoints, from 1. */
  line?: number;
}

/** Called for each thing that is not valid. */
export type OnFinding = (finding: Finding) => void;

/** Whether a finding leaves open whether something is wrong: anyone who has the key can decide. */
export function isUndetermined({ kind }: { kind: string }): boolean {
  return kind === 'key_not_held';
}

/** For a range of missing checkpoints: there may be any number of them, so a range is one finding. */
export function missingCheckpoints(from: number, to: number): Finding {
  return { kind: 'checkpoint_missing', checkpoint: from, ...(to > from && { to }) };
}

export function reportUnproven(runs: readonly UnprovenRun[], onFinding: OnFinding): void {
  for (const { state, kid, thumbprint, from, to } of runs)
    if (state === 'unrecorded')
      for (let checkpoint = from; checkpoint <= to; checkpoint += 1)
        onFinding({ kind: 'checkpoint_forged', checkpoint });
    else
      onFinding({
        kind: state === 'unknown' ? 'key_not_held' : 'checkpoint_compromised',
        checkpoint: from,
        to,
        kid,
        ...(thumbprint !== undefined && { thumbprint }),
      });
}
