import { AuditRecord, MOST_RECORD_BYTES, recordBytes, recordColumnsWhere } from '@aegis/audit';
import { type PublishedJwk, publishedJwk } from '@aegis/signing';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AuditCheckpoint } from '../audit-checkpoint.entity';
import { AuditRecordNotFound, AuditRecordNotSealed, AuditRecordTooLarge } from '../checkpoints.errors';
import { LEAF_COLUMNS, type LeafFields, leafOf, MOST_LEAVES } from './leaf';
import { auditPath } from './merkle-tree';
import { leafHashFrom } from './sealed-records';

/** Proof that a checkpoint seals a record. Anyone with the public key can verify it. */
export interface InclusionProof {
  record: AuditRecord;
  /** The bytes that are hashed, as text. */
  leaf: string;
  /** Place in the tree, from 0. */
  index: number;
  /** Leaves of the tree. */
  size: number;
  /** Hashes from the leaf's neighbour up, base64url. */
  path: string[];
  checkpoint: AuditCheckpoint;
  /** The key that the checkpoint names, whatever its state; null when it is not on record. */
  key: ProofKey | null;
}

/**
 * A public key that comes with a proof. Trust it only after comparing its thumbprint with one that was kept elsewhere.
 */
export interface ProofKey extends PublishedJwk {
  state: 'pending' | 'active' | 'retired' | 'compromised';
  compromised_after: Date | null;
}

/** Proves of records that they are sealed. */
@Injectable()
export class InclusionProofs {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * The proof is made from the current record: if the record was changed after it was sealed, the proof is invalid.
   * @throws AuditRecordNotFound, AuditRecordNotSealed, AuditRecordTooLarge
   */
  async of(id: string): Promise<InclusionProof> {
    const { manager } = this.dataSource;
    const record = await manager.findOneBy(AuditRecord, { id });
    const [fields] = await manager.query<(LeafFields & { is_too_large: boolean })[]>(
      `SELECT is_too_large, ${LEAF_COLUMNS}
       FROM (SELECT bytes > ${MOST_RECORD_BYTES} AS is_too_large,
                    ${recordColumnsWhere('logged', `bytes <= ${MOST_RECORD_BYTES}`)}
             FROM audit_logs AS logged CROSS JOIN LATERAL (SELECT ${recordBytes('logged')} AS bytes OFFSET 0) AS size
             WHERE logged.id = $1 LIMIT 1) AS record`,
      [id],
    );
    if (record === null || fields === undefined) throw new AuditRecordNotFound(id);
    if (fields.is_too_large) throw new AuditRecordTooLarge(id);
    const seals = await manager.query<{ id: string; number: string; leaf_index: number; hash: Buffer }[]>(
      `SELECT audit_id::text AS id, checkpoint::text AS number, leaf_index, ${leafHashFrom('leaf_hash')} AS hash
       FROM audit_seals
       WHERE checkpoint = (SELECT checkpoint FROM audit_seals WHERE audit_id = $1)
         AND leaf_index BETWEEN 0 AND ${MOST_LEAVES - 1}
       ORDER BY leaf_index LIMIT ${MOST_LEAVES}`,
      [id],
    );
    const checkpoint = await manager.findOneBy(AuditCheckpoint, { number: seals[0]?.number ?? '0' });
    // Seals that are not leaves of the tree would make the paths of the real leaves wrong.
    const size = checkpoint?.claims?.size ?? seals.length;
    const leaves = seals.filter(({ leaf_index }) => leaf_index < size);
    const index = leaves.findIndex((leaf) => leaf.id === id);
    if (checkpoint === null || index < 0) throw new AuditRecordNotSealed(id);
    const path = auditPath(
      leaves.map(({ hash }) => hash),
      index,
    ).map((hash) => hash.toString('base64url'));
    const key = await this.keyOf(checkpoint);
    return { record, leaf: leafOf(fields), index, size: leaves.length, path, checkpoint, key };
  }

  private async keyOf({ keyId }: AuditCheckpoint): Promise<ProofKey | null> {
    const [row] = await this.dataSource.query<
      { kid: string; public_key: string; state: ProofKey['state']; compromised_after: Date | null }[]
    >('SELECT kid, public_key, state, compromised_after FROM signing_keys WHERE kid = $1', [keyId ?? null]);
    if (row === undefined) return null;
    const { kid, public_key, state, compromised_after } = row;
    return { ...publishedJwk(kid, public_key), state, compromised_after };
  }
}
