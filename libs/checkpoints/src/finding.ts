/** What can be wrong with the trail. */
export type FindingKind =
  | 'record_edited'
  | 'record_missing'
  | 'record_added'
  | 'record_backdated'
  | 'records_reordered'
  | 'records_dropped_differ'
  | 'seal_missing'
  | 'seals_changed'
  | 'checkpoint_forged'
  | 'checkpoint_missing'
  | 'checkpoint_replaced'
  | 'shipped_unreadable';

/** What does not hold. */
export interface Finding {
  kind: FindingKind;
  /** Id of the record. */
  record?: string;
  /** Number of the checkpoint. */
  checkpoint?: number;
  /** Place in the checkpoint's tree, from 0. */
  leaf?: number;
  /** Line of the shipped checkpoints, from 1. */
  line?: number;
}

/** Told of each thing that does not hold. */
export type Tell = (finding: Finding) => void;
