import { Column, Entity, PrimaryColumn, VirtualColumn } from 'typeorm';
import { type CheckpointClaims, checkpointKid, jwsFrom, readCheckpoint } from './checkpoint';

/** A signed checkpoint as it is listed. Written by the sealer alone, never changed, never deleted. */
@Entity('audit_checkpoints', { synchronize: false })
export class AuditCheckpoint {
  @PrimaryColumn({ type: 'bigint' })
  number!: string;

  @Column({ type: 'integer' })
  epoch!: number;

  /** The checkpoint itself; the other columns prove nothing. Empty if it is longer than any checkpoint. */
  @VirtualColumn({ type: 'text', query: (table) => jwsFrom(`${table}.jws`) })
  jws!: string;

  /** What it says, not verified; undefined if it can't be read because somebody changed it. */
  get claims(): CheckpointClaims | undefined {
    return readCheckpoint(this.jws);
  }

  get keyId(): string | undefined {
    return checkpointKid(this.jws);
  }
}
