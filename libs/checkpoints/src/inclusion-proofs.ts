import { AuditRecord } from '@aegis/audit';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AuditCheckpoint } from './audit-checkpoint.entity';
import { AuditRecordNotFound, AuditRecordNotSealed } from './checkpoints.errors';
import { LEAF_COLUMNS, type LeafFields, leafOf } from './leaf';
import { auditPath } from './merkle-tree';

/** That a record is sealed by a checkpoint, to be verified by whoever has the public key. */
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
}

/** Proves of records that they are sealed. */
@Injectable()
export class InclusionProofs {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Made from the record as it is now: of one that was changed since it was sealed, the proof does not hold.
   * @throws AuditRecordNotFound, AuditRecordNotSealed
   */
  async of(id: string): Promise<InclusionProof> {
    const { manager } = this.dataSource;
    const record = await manager.findOneBy(AuditRecord, { id });
    const [fields] = await manager.query<LeafFields[]>(
      `SELECT ${LEAF_COLUMNS} FROM audit_logs AS record WHERE record.id = $1`,
      [id],
    );
    if (record === null || fields === undefined) throw new AuditRecordNotFound(id);
    const leaves = await manager.query<{ id: string; number: string; hash: Buffer }[]>(
      `SELECT audit_id::text AS id, checkpoint AS number, leaf_hash AS hash FROM audit_seals
       WHERE checkpoint = (SELECT checkpoint FROM audit_seals WHERE audit_id = $1) ORDER BY leaf_index`,
      [id],
    );
    const index = leaves.findIndex((leaf) => leaf.id === id);
    const checkpoint = await manager.findOneBy(AuditCheckpoint, { number: leaves[index]?.number ?? '0' });
    if (checkpoint === null) throw new AuditRecordNotSealed(id);
    const path = auditPath(
      leaves.map(({ hash }) => hash),
      index,
    ).map((hash) => hash.toString('base64url'));
    return { record, leaf: leafOf(fields), index, size: leaves.length, path, checkpoint };
  }
}
