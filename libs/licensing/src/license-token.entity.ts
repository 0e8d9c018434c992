import { momentsCheck } from '@aegis/database';
import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import { SigningKey } from '@aegis/signing';
import { License } from './license.entity';

/** Every token ever signed or imported, by its hash: what is not here was not made here. */
@Entity('license_tokens')
@Check('license_tokens_sha256_length', `octet_length(sha256) = 32`)
@Check('license_tokens_revision', `revision >= 1`)
@Check(
  'license_tokens_status',
  `(status_list IS NULL) = (status_index IS NULL) AND status_list >= 0 AND status_index BETWEEN 0 AND 131071`,
)
@Check('license_tokens_moments', momentsCheck('recorded_at', 'superseded_at'))
@Unique('license_tokens_revision_unique', ['license_id', 'revision'])
@Unique('license_tokens_status_unique', ['status_list', 'status_index'])
@Index('license_tokens_superseded', { synchronize: false })
export class LicenseToken {
  @PrimaryColumn({ type: 'bytea' })
  sha256!: Buffer;

  @Column({ type: 'uuid' })
  license_id!: string;

  @ManyToOne(() => License, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'license_id', foreignKeyConstraintName: 'license_tokens_license_id_fkey' })
  license?: License;

  @Column({ type: 'text' })
  key_id!: string;

  @ManyToOne(() => SigningKey, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'key_id', foreignKeyConstraintName: 'license_tokens_key_id_fkey' })
  key?: SigningKey;

  /** `rev` of the token; imported tokens have none and count from 1 here. */
  @Column({ type: 'integer' })
  revision!: number;

  @Column({ type: 'timestamptz', precision: 3, default: () => 'clock_timestamp()' })
  recorded_at!: Date;

  /** Since when a reissued token replaces it. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  superseded_at!: Date | null;

  /** Which Token Status List the token is in; null for imported tokens, which name none. */
  @Column({ type: 'integer', nullable: true })
  status_list!: number | null;

  @Column({ type: 'integer', nullable: true })
  status_index!: number | null;
}
