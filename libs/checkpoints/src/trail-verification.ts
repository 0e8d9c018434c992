import type { DataSource, EntityManager } from 'typeorm';
import { countWaiting, findAdded } from './added-records';
import { checkpointHash, type CheckpointClaims, openCheckpoint, type PublicKeys } from './checkpoint';
import { type Dropped, isAnyLeft, readDropped } from './dropped-records';
import type { Finding, Tell } from './finding';
import { verifyRecords } from './record-verification';
import { readCheckpoints, sealsOf, type StoredCheckpoint } from './sealed-records';

/** What a verification found. */
export interface Verified {
  checkpoints: number;
  /** Records that were sealed, with those that were dropped since. */
  records: number;
  /** Of them, those that the owner dropped: what is known of them is in the checkpoints and in their export. */
  dropped: number;
  /** Records that no checkpoint seals yet. */
  waiting: number;
  /** Checkpoints kept elsewhere that were compared with those that are here. */
  shipped: number;
  findings: number;
  /** Number of the last checkpoint; null when there is none. */
  last: number | null;
}

/** What to verify, and against what. */
export interface VerificationOptions {
  /** Number of the checkpoint to begin with; the ones before are trusted. */
  since?: number;
  /** Checkpoints (compact JWS) that were kept elsewhere: each must still be here, unchanged. */
  shipped?: AsyncIterable<string> | Iterable<string>;
}

/** Checkpoints in memory at a time. */
const AT_ONCE = 16;

/** Holds the audit trail against its checkpoints, and the checkpoints against their signatures. */
export class TrailVerification {
  /** @param publicKey keys that are trusted */
  constructor(
    private readonly dataSource: DataSource,
    private readonly publicKey: PublicKeys,
  ) {}

  /**
   * Verifies the trail as it is at one moment, however long that takes.
   * @param found told of each thing that does not hold
   */
  async verify(
    found: (finding: Finding) => void,
    { since = 1, shipped = [] }: VerificationOptions = {},
  ): Promise<Verified> {
    const verified: Verified = {
      checkpoints: 0,
      records: 0,
      dropped: 0,
      waiting: 0,
      shipped: 0,
      findings: 0,
      last: null,
    };
    const tell: Tell = (finding) => {
      verified.findings += 1;
      found(finding);
    };
    await this.dataSource.transaction('REPEATABLE READ', async (tx) => {
      await tx.query(`SELECT set_config('statement_timeout', '0', true),
                             set_config('idle_in_transaction_session_timeout', '0', true)`);
      const dropped = await readDropped(tx);
      await this.verifyChain(tx, since, dropped, verified, tell);
      const differs = since === 1 && verified.dropped !== (dropped?.records ?? 0);
      if (differs || (dropped !== undefined && (await isAnyLeft(tx, dropped))))
        tell({ kind: 'records_dropped_differ' });
      await findAdded(tx, since - 1, tell);
      verified.waiting = await countWaiting(tx);
      verified.shipped = await this.compareShipped(tx, shipped, tell);
    });
    return verified;
  }

  private async verifyChain(
    tx: EntityManager,
    since: number,
    dropped: Dropped | undefined,
    verified: Verified,
    tell: Tell,
  ): Promise<void> {
    const [first] = await readCheckpoints(tx, since - 1, 1);
    let before = first?.number === String(since - 1) ? first : undefined;
    let notBefore = before && ((await this.open(before.jws))?.complete_to ?? null);
    let expected = since;
    for (;;) {
      const batch = await readCheckpoints(tx, expected, AT_ONCE);
      const seals = await sealsOf(tx, batch);
      for (const one of batch) {
        const number = Number(one.number);
        for (; expected < number; expected += 1) tell({ kind: 'checkpoint_missing', checkpoint: expected });
        const claims = await this.open(one.jws);
        if (claims?.number !== number || !isLinked(before, number, claims))
          tell({ kind: 'checkpoint_forged', checkpoint: number });
        const leaves = seals.get(one.number) ?? [];
        const expectations = { claims, notBefore: notBefore ?? null, dropped };
        verified.dropped += await verifyRecords(tx, number, leaves, expectations, tell);
        verified.records += leaves.length;
        verified.checkpoints += 1;
        verified.last = number;
        expected = number + 1;
        before = one;
        notBefore = claims?.complete_to ?? notBefore;
      }
      if (batch.length < AT_ONCE) break;
    }
    if (since > 1 && verified.checkpoints === 0) tell({ kind: 'checkpoint_missing', checkpoint: since });
    for (const number of await sealedBeyond(tx, expected))
      tell({ kind: 'checkpoint_missing', checkpoint: number });
  }

  private open(jws: string): Promise<CheckpointClaims | undefined> {
    return openCheckpoint(jws, this.publicKey);
  }

  /** @returns how many there were */
  private async compareShipped(
    tx: EntityManager,
    shipped: AsyncIterable<string> | Iterable<string>,
    tell: Tell,
  ): Promise<number> {
    let line = 0;
    for await (const jws of shipped) {
      line += 1;
      const claims = await this.open(jws);
      if (claims === undefined) {
        tell({ kind: 'shipped_unreadable', line });
        continue;
      }
      const [here] = await readCheckpoints(tx, claims.number, 1);
      if (here?.number !== String(claims.number))
        tell({ kind: 'checkpoint_missing', checkpoint: claims.number });
      else if (here.jws !== jws) tell({ kind: 'checkpoint_replaced', checkpoint: claims.number });
    }
    return line;
  }
}

/** Where one is missing in between, that is told already. */
function isLinked(
  before: StoredCheckpoint | undefined,
  number: number,
  { previous }: CheckpointClaims,
): boolean {
  if (before === undefined) return number > 1 || previous === null;
  return Number(before.number) !== number - 1 || previous === checkpointHash(before.jws);
}

/** Checkpoints of which seals alone are there. */
async function sealedBeyond(tx: EntityManager, from: number): Promise<number[]> {
  const rows = await tx.query<{ number: string }[]>(
    'SELECT DISTINCT checkpoint AS number FROM audit_seals WHERE checkpoint >= $1 ORDER BY 1',
    [from],
  );
  return rows.map(({ number }) => Number(number));
}
