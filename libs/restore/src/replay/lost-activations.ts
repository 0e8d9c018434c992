import type { LeafFields } from '@aegis/checkpoints';
import { RecordNotReplayable } from '../restore.errors';
import { replayed, type ReplayedRecord } from './record-data';

/** Activations that are named at most. */
const MOST_NAMED = 1000;

/** An activation that was admitted after the restored moment: nothing of it can be put on record again. */
export interface LostActivation {
  activation_id: string;
  license_id: string | null;
  /** The end of its file for machines without a network; null: it has none, and its token counts for `offline_days`. */
  offline_until: string | null;
}

/** Activations whose tokens or files count offline although the database does not know them. */
export interface LostActivations {
  count: number;
  /** The first of them. */
  named: LostActivation[];
}

/** Follows what records say of activations that are not on record any longer. */
export class LostSeats {
  private readonly lost = new Map<string, LostActivation>();

  /**
   * One that was admitted, by its record: there is nothing to repeat. Tokens of floating seats count for a lease only: those
   * are gone by themselves.
   */
  admitted(fields: LeafFields): void {
    try {
      const { licenseId, data } = replayed(fields);
      if (data.text('mode') === 'fixed') this.note(data.text('activation_id'), licenseId, null);
    } catch (error) {
      if (!(error instanceof RecordNotReplayable)) throw error;
    }
  }

  /** One that is not on record got a file. */
  gotFile({ licenseId, data }: ReplayedRecord, until: string): void {
    this.note(data.text('activation_id'), licenseId, until);
  }

  ended(id: string): void {
    this.lost.delete(id);
  }

  result(): LostActivations {
    return { count: this.lost.size, named: [...this.lost.values()].slice(0, MOST_NAMED) };
  }

  private note(id: string, license_id: string | null, until: string | null): void {
    const before = this.lost.get(id)?.offline_until ?? null;
    // Times of records are written alike, so that the later one is the greater text.
    const offline_until = before !== null && (until === null || before > until) ? before : until;
    this.lost.set(id, { activation_id: id, license_id, offline_until });
  }
}
