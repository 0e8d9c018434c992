import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type CheckpointClaims, checkpointKid, readCheckpoint } from './checkpoint';

/** A signed checkpoint as it is listed. Written by the sealer alone, never changed, never deleted. */
@Entity('audit_checkpoints', { synchronize: false })
export class AuditCheckpoint {
  @PrimaryColumn({ type: 'bigint' })
  number!: string;

  @Column({ type: 'integer' })
  epoch!: number;

  /** The checkpoint: all that counts of it is in here. */
  @Column({ type: 'text' })
  jws!: string;

  /** What it says, not verified; undefined when it can't be read, for somebody has changed it. */
  get claims(): CheckpointClaims | undefined {
    return readCheckpoint(this.jws);
  }

  get keyId(): string | undefined {
    return checkpointKid(this.jws);
  }
}
