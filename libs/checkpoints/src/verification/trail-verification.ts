import { limitStatements } from '@aegis/database';
import { createPublicKey } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { countWaiting, findAdded } from './added-records';
import { type CheckpointKey, type CheckpointKeys, judgeCheckpoint } from './checkpoint-keys';
import { ChainVerification } from './chain-verification';
import type { SignedBy } from './signature-runs';
import { findStraySeals } from './stray-seals';
import { findChangedTrees } from './trusted-trees';
import { dropsContradict, readDropped } from './dropped-records';
import { type Finding, isUndetermined, type OnFinding } from './finding';
import { readCheckpoints } from '../tree/sealed-records';

/** What a verification found. */
export interface Verified {
  checkpoints: number;
  /** Records that were sealed, with those that were dropped since. */
  records: number;
  /** How many of them the owner dropped: only the checkpoints and the export know them. */
  dropped: number;
  /** Records that no checkpoint seals yet. */
  waiting: number;
  /** Checkpoints kept elsewhere that were compared with those that are here. */
  shipped: number;
  findings: number;
  /** Of the findings, those that leave open whether something is wrong. */
  undetermined: number;
  /** Number of the last checkpoint; null when there is none. */
  last: number | null;
  /** Which key signed which checkpoints. */
  signed_by: SignedBy[];
}

/** What to verify, and against what. */
export interface VerificationOptions {
  /** Number of the checkpoint to begin with; the ones before are trusted. */
  since?: number;
  /** Checkpoints (compact JWS) that were kept elsewhere: each must still be here, unchanged. */
  shipped?: AsyncIterable<string> | Iterable<string>;
}

/** Compares the audit trail with its checkpoints, and verifies the signatures of the checkpoints. */
export class TrailVerification {
  /** @param keys that are trusted; undefined: those that the database has on record */
  constructor(
    private readonly dataSource: DataSource,
    private readonly keys?: CheckpointKeys,
  ) {}

  /**
   * Verifies the trail as of one moment, no matter how long that takes.
   * @param found called for each thing that is not valid
   */
  async verify(
    found: (finding: Finding) => void,
    { since = 1, shipped = [] }: VerificationOptions = {},
  ): Promise<Verified> {
    const counts = { findings: 0, undetermined: 0 };
    const onFinding: OnFinding = (finding) => {
      counts.findings += 1;
      if (isUndetermined(finding)) counts.undetermined += 1;
      found(finding);
    };
    return this.dataSource.transaction('REPEATABLE READ', async (tx) => {
      await limitStatements(tx, { statementMs: 0, idleInTransactionMs: 0 });
      const recorded = await readRecordedKeys(tx);
      const keys = this.keys ?? recorded;
      const dropped = await readDropped(tx);
      const chain = await new ChainVerification(tx, { keys, recorded, dropped }, onFinding).verify(since);
      await findChangedTrees(tx, since, onFinding);
      await findStraySeals(tx, since, chain.last ?? since - 1, onFinding);
      if (await dropsContradict(tx, dropped, since === 1 ? chain.dropped : undefined))
        onFinding({ kind: 'records_dropped_differ' });
      const sealing = { ...chain, dropped };
      await findAdded(tx, sealing, onFinding);
      const { checkpoints, records, last, signedBy } = chain;
      const waiting = await countWaiting(tx, sealing);
      const compared = await compareShipped(tx, shipped, keys, onFinding);
      return {
        checkpoints,
        records,
        dropped: chain.dropped,
        waiting,
        shipped: compared,
        ...counts,
        last,
        signed_by: signedBy,
      };
    });
  }
}

/** The keys that the database has on record: they detect every change except one by somebody who may write there. */
export async function readRecordedKeys(tx: Pick<EntityManager, 'query'>): Promise<CheckpointKeys> {
  const rows = await tx.query<{ kid: string; x: string; compromised: boolean; after: number | null }[]>(
    `SELECT kid, public_key AS x, state = 'compromised' AS compromised,
            extract(epoch FROM compromised_after)::float8 AS after
     FROM signing_keys WHERE octet_length(kid) <= 256 AND public_key ~ '^[A-Za-z0-9_-]{43}$' LIMIT 10000`,
  );
  const keys = new Map<string, CheckpointKey>();
  for (const { kid, x, compromised, after } of rows) {
    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    keys.set(kid, { publicKey, ...(compromised && { compromised: { after } }) });
  }
  return (kid) => Promise.resolve(keys.get(kid));
}

/**
 * Compares checkpoints that were kept elsewhere with the trail. It also compares checkpoints whose key is not
 * trusted: they are kept where no user of the database can write.
 * @returns how many there were
 */
async function compareShipped(
  tx: EntityManager,
  shipped: AsyncIterable<string> | Iterable<string>,
  keys: CheckpointKeys,
  onFinding: OnFinding,
): Promise<number> {
  let line = 0;
  for await (const jws of shipped) {
    line += 1;
    const judged = await judgeCheckpoint(jws, keys);
    if (judged.state === 'forged') {
      onFinding({ kind: 'shipped_unreadable', line });
      continue;
    }
    const { number: checkpoint } = judged.claims;
    const [here] = await readCheckpoints(tx, checkpoint, 1);
    if (here?.number !== String(checkpoint)) onFinding({ kind: 'checkpoint_missing', checkpoint });
    else if (here.jws !== jws) onFinding({ kind: 'checkpoint_replaced', checkpoint });
  }
  return line;
}
