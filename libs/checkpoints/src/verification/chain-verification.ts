import type { EntityManager } from 'typeorm';
import {
  checkpointHash,
  type CheckpointClaims,
  isFalselyComplete,
  isLessComplete,
  provenCompleteTo,
  readCheckpoint,
} from '../checkpoint';
import type { Dropped } from './dropped-records';
import { missingCheckpoints, type OnFinding, reportUnproven } from './finding';
import { judgedSealsOf, verifyRecords } from './record-verification';
import { readCheckpoints, type StoredCheckpoint } from '../tree/sealed-records';
import { type CheckpointKeys, type Judged, judgeCheckpoint } from './checkpoint-keys';
import { SignatureRuns, type SignedBy } from './signature-runs';

/** Checkpoints in memory at a time. */
const AT_ONCE = 16;

/** The result of verifying a chain of checkpoints. */
export interface VerifiedChain {
  /** Number of the first checkpoint that was verified. */
  since: number;
  checkpoints: number;
  /** Records that are sealed, with those that were dropped since. */
  records: number;
  dropped: number;
  /** Number of the last checkpoint; null when there is none. */
  last: number | null;
  /** Number of the last checkpoint that is not forged; 0 when there is none. */
  lastGood: number;
  /** Seconds since 1970: what the good checkpoints say is complete. Null when none says that. */
  completeTo: number | null;
  /** Ids of records whose only seals are not leaves of their checkpoints. */
  strays: string[];
  signedBy: SignedBy[];
}

/** What to compare a chain with. */
export interface ChainBasis {
  /** Keys that are trusted. */
  keys: CheckpointKeys;
  /** Every key on record. */
  recorded: CheckpointKeys;
  dropped: Dropped | undefined;
}

/** Verifies the checkpoints from a number on: their signatures, links and records. */
export class ChainVerification {
  private readonly runs = new SignatureRuns();
  private readonly chain: VerifiedChain = {
    since: 1,
    checkpoints: 0,
    records: 0,
    dropped: 0,
    last: null,
    lastGood: 0,
    completeTo: null,
    strays: [],
    signedBy: [],
  };

  constructor(
    private readonly tx: EntityManager,
    private readonly basis: ChainBasis,
    private readonly onFinding: OnFinding,
  ) {}

  /** @param since number of the first checkpoint; those before are trusted */
  async verify(since: number): Promise<VerifiedChain> {
    const { tx, chain } = this;
    chain.since = since;
    const [first] = since > 1 ? await readCheckpoints(tx, since - 1, 1) : [];
    let before = first?.number === String(since - 1) ? first : undefined;
    if (before !== undefined) {
      chain.lastGood = since - 1;
      chain.completeTo = await this.completeToOf(before, since - 1);
    }
    let expected = since;
    for (;;) {
      const batch = await readCheckpoints(tx, expected, AT_ONCE);
      const seals = await judgedSealsOf(tx, batch);
      for (const one of batch) {
        const number = Number(one.number);
        if (expected < number) this.onFinding(missingCheckpoints(expected, number - 1));
        const notBefore = chain.completeTo;
        const claims = await this.verifyOne(number, one, before);
        const leaves = seals.get(one.number) ?? [];
        const { dropped } = this.basis;
        const expectations = { claims, notBefore, dropped };
        const verified = await verifyRecords(tx, number, leaves, expectations, this.onFinding);
        chain.dropped += verified.dropped;
        chain.records += leaves.length - verified.strays.length;
        for (const id of verified.strays) chain.strays.push(id);
        chain.checkpoints += 1;
        chain.last = number;
        expected = number + 1;
        before = one;
      }
      if (batch.length < AT_ONCE) break;
    }
    reportUnproven(this.runs.end(), this.onFinding);
    if (since > 1 && chain.checkpoints === 0) this.onFinding(missingCheckpoints(since, since));
    return { ...chain, signedBy: this.runs.signedBy };
  }

  /** @returns what it says; undefined when it is forged, because then its content means nothing */
  private async verifyOne(
    number: number,
    { jws }: StoredCheckpoint,
    before: StoredCheckpoint | undefined,
  ): Promise<CheckpointClaims | undefined> {
    const { keys, recorded } = this.basis;
    const judged = await judgeCheckpoint(jws, keys, recorded);
    const isOurs = judged.state !== 'forged' && judged.claims.number === number;
    const linked = isOurs && isLinked(before, number, judged.claims);
    const follows = linked && (before === undefined || Number(before.number) === number - 1);
    // If no key on record signed it and it does not follow the previous one, nothing shows that it is genuine.
    const isForged = !isOurs || (judged.state === 'unrecorded' && !linked);
    reportUnproven(this.runs.take(number, isForged ? { state: 'forged' } : judged, follows), this.onFinding);
    if (!linked) this.onFinding({ kind: 'checkpoint_forged', checkpoint: number });
    if (isGenuine(judged, number)) {
      const { completeTo } = this.chain;
      this.chain.lastGood = number;
      this.chain.completeTo = later(completeTo, provenCompleteTo(judged.claims));
      if (isLessComplete(judged.claims, completeTo))
        this.onFinding({ kind: 'complete_to_decreased', checkpoint: number });
      if (isFalselyComplete(judged.claims, before && readCheckpoint(before.jws)))
        this.onFinding({ kind: 'complete_to_false', checkpoint: number });
    }
    return isForged ? undefined : judged.claims;
  }

  /** Of the checkpoint before the first that is verified. */
  private async completeToOf({ jws }: StoredCheckpoint, number: number): Promise<number | null> {
    const judged = await judgeCheckpoint(jws, this.basis.keys, this.basis.recorded);
    return isGenuine(judged, number) ? provenCompleteTo(judged.claims) : null;
  }
}

/** Whether a key that is trusted or on record signed it as the checkpoint of that number. */
function isGenuine(judged: Judged, number: number): judged is Exclude<Judged, { state: 'forged' }> {
  return judged.state !== 'forged' && judged.state !== 'unrecorded' && judged.claims.number === number;
}

/** The later of two times; null when neither is known. */
function later(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.max(one, other);
}

/** If one is missing in between, that is already reported. */
function isLinked(
  before: StoredCheckpoint | undefined,
  number: number,
  { previous }: CheckpointClaims,
): boolean {
  if (before === undefined) return number > 1 || previous === null;
  return Number(before.number) !== number - 1 || previous === checkpointHash(before.jws);
}
