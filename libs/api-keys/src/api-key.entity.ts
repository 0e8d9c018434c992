import { momentsCheck } from '@aegis/database';
import type { Scope } from '@aegis/access';
import { Check, Column, Entity, Index, PrimaryColumn, VersionColumn, VirtualColumn } from 'typeorm';

/** An API key: what it may do and the hash of its secret. Deleted ones stay, marked, for the audit trail's sake. */
@Entity('api_keys')
@Check('api_keys_id_format', `id ~ '^[0-9A-Za-z]{12}$'`)
@Check('api_keys_hash_length', `octet_length(hash) = 32 AND octet_length(previous_hash) = 32`)
@Check(
  'api_keys_previous',
  `num_nonnulls(previous_hash, previous_pepper_version, previous_expires_at) IN (0, 3)`,
)
@Check('api_keys_lengths', `char_length(name) BETWEEN 1 AND 100 AND char_length(description) <= 500`)
@Check(
  'api_keys_bounded',
  `octet_length(scopes::text) <= 4096 AND octet_length(prefix) <= 128
      AND octet_length(pepper_version) <= 1024 AND octet_length(previous_pepper_version) <= 1024
      AND octet_length(created_by) <= 1024`,
)
@Check('api_keys_scopes_count', `cardinality(scopes) BETWEEN 1 AND 20`)
@Check('api_keys_rate_limit', `rate_limit_per_minute >= 1`)
@Check('api_keys_deleted', `deleted_at IS NULL OR NOT is_active`)
@Check(
  'api_keys_moments',
  momentsCheck('previous_expires_at', 'expires_at', 'last_used_at', 'created_at', 'updated_at', 'deleted_at'),
)
@Index('api_keys_by_creation', { synchronize: false })
export class ApiKey {
  /** 12 Base62 digits, part of the key itself. */
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'text', nullable: true })
  description!: string | null;

  @Column({ type: 'text', array: true })
  scopes!: Scope[];

  /** `aegis_<environment>_<id>`. */
  @Column({ type: 'text' })
  prefix!: string;

  /** HMAC-SHA256 of the whole key. Read by the authentication alone. */
  @Column({ type: 'bytea', select: false })
  hash!: Buffer;

  @Column({ type: 'text', select: false })
  pepper_version!: string;

  /** Of the previous key, which is valid until `previous_expires_at`. */
  @Column({ type: 'bytea', nullable: true, select: false })
  previous_hash!: Buffer | null;

  @Column({ type: 'text', nullable: true, select: false })
  previous_pepper_version!: string | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true, select: false })
  previous_expires_at!: Date | null;

  /** Until when the previous key is valid; null when it is no longer valid, by the database's clock at the read. */
  @VirtualColumn({
    type: 'timestamptz',
    query: (key) =>
      `SELECT CASE WHEN ${key}.previous_expires_at > clock_timestamp() THEN ${key}.previous_expires_at END`,
  })
  previous_valid_until!: Date | null;

  @Column({ type: 'boolean', default: true })
  is_active!: boolean;

  @Column({ type: 'integer', nullable: true })
  rate_limit_per_minute!: number | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  expires_at!: Date | null;

  /** Trails by seconds: uses are counted in memory and written together. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  last_used_at!: Date | null;

  /** Trails like `last_used_at`. The driver hands a bigint over as text; no key gets beyond 2^53 uses. */
  @Column({ type: 'bigint', default: 0, transformer: { from: Number, to: (count: number) => count } })
  usage_count!: number;

  /** Counts changes; a use is not a change. */
  @VersionColumn({ type: 'integer', default: 1 })
  version!: number;

  @Column({ type: 'timestamptz', precision: 3, default: () => 'clock_timestamp()' })
  created_at!: Date;

  /** Name of the Actor who made it. */
  @Column({ type: 'text' })
  created_by!: string;

  @Column({ type: 'timestamptz', precision: 3, default: () => 'clock_timestamp()' })
  updated_at!: Date;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  deleted_at!: Date | null;
}
