import { KeyRing } from '@aegis/signing';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { checkpointHash, openCheckpoint } from './checkpoint';
import { LEAF_COLUMNS, type LeafFields, leafOf } from './leaf';
import { leafHash, rootHash } from './merkle-tree';

/** What does not hold. */
export interface Finding {
  kind:
    | 'record_edited'
    | 'record_missing'
    | 'record_added'
    | 'records_reordered'
    | 'seals_changed'
    | 'checkpoint_forged'
    | 'checkpoint_missing'
    | 'checkpoint_replaced';
  /** Id of the record. */
  record?: string;
  /** Number of the checkpoint. */
  checkpoint?: number;
}

/** What a verification found. */
export interface Verified {
  checkpoints: number;
  records: number;
  findings: number;
}

interface StoredCheckpoint {
  number: string;
  jws: string;
}

type SealedLeaf = Partial<LeafFields> & { audit_id: string; leaf_index: number; leaf_hash: Buffer };

const ADDED_AT_ONCE = 1000;

/** Holds the audit trail against its checkpoints, and the checkpoints against their signatures. */
@Injectable()
export class TrailVerification {
  constructor(
    private readonly dataSource: DataSource,
    private readonly keyRing: KeyRing,
  ) {}

  /**
   * Verifies the whole trail as it is at one moment, one checkpoint in memory at a time.
   * @param found told of each thing that does not hold
   * @param options.since number of the checkpoint to begin with; the ones before are trusted
   * @param options.shipped checkpoints (compact JWS) that were kept elsewhere: each must still be here, unchanged
   */
  async verify(
    found: (finding: Finding) => void,
    { since = 1, shipped = [] }: { since?: number; shipped?: AsyncIterable<string> | Iterable<string> } = {},
  ): Promise<Verified> {
    const verified: Verified = { checkpoints: 0, records: 0, findings: 0 };
    const tell = (finding: Finding): void => {
      verified.findings += 1;
      found(finding);
    };
    await this.dataSource.transaction('REPEATABLE READ', async (tx) => {
      await this.verifyChain(tx, since, verified, tell);
      await findAdded(tx, tell);
      for await (const jws of shipped) await this.compareShipped(tx, jws, tell);
    });
    return verified;
  }

  private async verifyChain(
    tx: EntityManager,
    since: number,
    verified: Verified,
    tell: (finding: Finding) => void,
  ): Promise<void> {
    let before = await checkpointAt(tx, since - 1);
    let expected = since;
    for (let next = await firstCheckpointFrom(tx, since); next !== undefined;) {
      const number = Number(next.number);
      for (; expected < number; expected += 1) tell({ kind: 'checkpoint_missing', checkpoint: expected });
      const claims = await openCheckpoint(next.jws, (kid) => this.keyRing.publicKey(kid));
      const linked = before === undefined ? null : checkpointHash(before.jws);
      const chained = before === undefined || Number(before.number) === number - 1;
      if (claims?.number !== number || (chained && claims.previous !== linked))
        tell({ kind: 'checkpoint_forged', checkpoint: number });
      verified.records += await verifyRecords(tx, number, claims, tell);
      verified.checkpoints += 1;
      expected = number + 1;
      before = next;
      next = await firstCheckpointFrom(tx, expected);
    }
  }

  private async compareShipped(
    tx: EntityManager,
    jws: string,
    tell: (finding: Finding) => void,
  ): Promise<void> {
    const claims = await openCheckpoint(jws, (kid) => this.keyRing.publicKey(kid));
    if (claims === undefined) {
      tell({ kind: 'checkpoint_forged' });
      return;
    }
    const here = await checkpointAt(tx, claims.number);
    if (here === undefined) tell({ kind: 'checkpoint_missing', checkpoint: claims.number });
    else if (here.jws !== jws) tell({ kind: 'checkpoint_replaced', checkpoint: claims.number });
  }
}

/** @returns how many records the checkpoint seals */
async function verifyRecords(
  tx: EntityManager,
  checkpoint: number,
  claims: { root: string; size: number } | undefined,
  tell: (finding: Finding) => void,
): Promise<number> {
  const leaves = await tx.query<SealedLeaf[]>(
    `SELECT seal.audit_id::text AS audit_id, seal.leaf_index, seal.leaf_hash, ${LEAF_COLUMNS}
     FROM audit_seals AS seal
     LEFT JOIN audit_logs AS record ON record.id = seal.audit_id AND record.recorded_at = seal.recorded_at
     WHERE seal.checkpoint = $1 ORDER BY seal.leaf_index`,
    [checkpoint],
  );
  for (const leaf of leaves) {
    if (!hasRecord(leaf)) tell({ kind: 'record_missing', record: leaf.audit_id, checkpoint });
    else if (!leafHash(leafOf(leaf)).equals(leaf.leaf_hash))
      tell({ kind: 'record_edited', record: leaf.audit_id, checkpoint });
  }
  if (claims === undefined) return leaves.length;
  const rootOf = (list: readonly SealedLeaf[]): string =>
    rootHash(list.map(({ leaf_hash }) => leaf_hash)).toString('base64url');
  if (leaves.length === claims.size && rootOf(leaves) === claims.root) return leaves.length;
  // A checkpoint's leaves stand in the order of their ids.
  const inOrder = leaves.toSorted((one, other) => (BigInt(one.audit_id) < BigInt(other.audit_id) ? -1 : 1));
  if (rootOf(inOrder) === claims.root)
    for (const [index, leaf] of leaves.entries()) {
      if (inOrder[index] !== leaf) tell({ kind: 'records_reordered', record: leaf.audit_id, checkpoint });
    }
  else tell({ kind: 'seals_changed', checkpoint });
  return leaves.length;
}

function hasRecord(leaf: SealedLeaf): leaf is SealedLeaf & LeafFields {
  return typeof leaf.id === 'string';
}

/** Records that no checkpoint seals, though those written at their time are sealed. */
async function findAdded(tx: EntityManager, tell: (finding: Finding) => void): Promise<void> {
  let after = '0';
  let rows: { id: string }[];
  do {
    rows = await tx.query<{ id: string }[]>(
      `SELECT record.id::text AS id FROM audit_logs AS record,
              (SELECT sealed_xact, sealed_id FROM audit_checkpoints ORDER BY number DESC LIMIT 1) AS last
       WHERE record.id > $1 AND (record.xact, record.id) <= (last.sealed_xact, last.sealed_id)
         AND NOT EXISTS (SELECT FROM audit_seals AS seal
                         WHERE seal.audit_id = record.id AND seal.recorded_at = record.recorded_at)
       ORDER BY record.id LIMIT ${ADDED_AT_ONCE}`,
      [after],
    );
    for (const { id } of rows) {
      tell({ kind: 'record_added', record: id });
      after = id;
    }
  } while (rows.length === ADDED_AT_ONCE);
}

async function checkpointAt(tx: EntityManager, number: number): Promise<StoredCheckpoint | undefined> {
  const [row] = await tx.query<StoredCheckpoint[]>(
    'SELECT number, jws FROM audit_checkpoints WHERE number = $1',
    [number],
  );
  return row;
}

async function firstCheckpointFrom(tx: EntityManager, number: number): Promise<StoredCheckpoint | undefined> {
  const [row] = await tx.query<StoredCheckpoint[]>(
    'SELECT number, jws FROM audit_checkpoints WHERE number >= $1 ORDER BY number LIMIT 1',
    [number],
  );
  return row;
}
