import { type SeatTerms, seatsSql } from '@aegis/activations';
import { momentsCheck } from '@aegis/database';
import { Customer } from '@aegis/customers';
import type { Entitlements, LicenseType } from '@aegis/license-token';
import { SigningKey } from '@aegis/signing';
import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, VirtualColumn } from 'typeorm';
import { type LicenseStatus, statusSql, type StoredStatus } from './state/license-status';

/** The last revision that an `integer` of PostgreSQL holds. */
export const MOST_REVISION = 2_147_483_647;

/** A license: what was granted to whom, and the newest token that says so. */
@Entity('licenses')
@Check('licenses_module_name_format', `module_name ~ '^[A-Za-z0-9_.-]+$' AND length(module_name) <= 100`)
@Check('licenses_type', `license_type IN ('perpetual', 'subscription', 'demo')`)
@Check('licenses_versions_count', `cardinality(allowed_major_versions) BETWEEN 1 AND 50`)
@Check('licenses_expiry', `(license_type = 'perpetual') = (expires_at IS NULL)`)
@Check('licenses_status', `status IN ('active', 'suspended', 'revoked')`)
@Check('licenses_revoked', `(status = 'revoked') = (revoked_at IS NOT NULL)`)
@Check(
  'licenses_suspended',
  `CASE status WHEN 'suspended' THEN suspended_at IS NOT NULL WHEN 'active' THEN suspended_at IS NULL ELSE true END`,
)
@Check('licenses_fingerprint_format', `instance_fingerprint ~ '^sha256:[0-9a-f]{64}$'`)
@Check('licenses_grace', `grace_days BETWEEN 0 AND 365 AND (grace_days = 0 OR expires_at IS NOT NULL)`)
@Check('licenses_entitlements', `jsonb_typeof(entitlements) = 'object'`) // and more, in its migration
@Check('licenses_token_size', `octet_length(token) <= 65536`)
@Check('licenses_revision', `revision >= 1`)
@Check(
  'licenses_lengths',
  `char_length(notes) <= 2000 AND char_length(revoked_reason) BETWEEN 1 AND 500 AND char_length(suspended_reason) BETWEEN 1 AND 500`,
)
@Check(
  'licenses_moments',
  momentsCheck('issued_at', 'expires_at', 'revoked_at', 'suspended_at', 'created_at', 'updated_at'),
)
@Index('licenses_by_creation', { synchronize: false })
@Index('licenses_by_expiry', { synchronize: false })
@Index('licenses_by_lower_customer', { synchronize: false })
@Index('licenses_by_lower_module', { synchronize: false })
@Index('licenses_by_type', { synchronize: false })
@Index('licenses_by_key', { synchronize: false })
@Index('licenses_by_grace_end', { synchronize: false })
@Index('licenses_by_grace', { synchronize: false })
@Index('licenses_withdrawn', { synchronize: false })
@Index('licenses_withdrawn_by_expiry', { synchronize: false })
@Index('licenses_withdrawn_by_module', { synchronize: false })
export class License {
  @PrimaryColumn({ type: 'uuid', default: () => 'gen_random_uuid()' })
  id!: string;

  @Column({ type: 'text' })
  customer_id!: string;

  @ManyToOne(() => Customer, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'customer_id', foreignKeyConstraintName: 'licenses_customer_id_fkey' })
  customer?: Customer | null;

  @Column({ type: 'text' })
  module_name!: string;

  @Column({ type: 'text' })
  license_type!: LicenseType;

  @Column({ type: 'text', array: true })
  allowed_major_versions!: string[];

  @Column({ type: 'timestamptz', precision: 3 })
  issued_at!: Date;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  expires_at!: Date | null;

  /** Days of 86,400 seconds after its end in which it is still valid; 0 for a perpetual one. */
  @Column({ type: 'smallint', default: 0 })
  grace_days!: number;

  @Column({ name: 'status', type: 'text', default: 'active' })
  stored_status!: StoredStatus;

  /** By the database's clock when the row was read. (A virtual column named `status` would hide the stored one.) */
  @VirtualColumn({
    type: 'text',
    query: (license) => `SELECT ${statusSql(license)}`,
  })
  status_when_read!: LicenseStatus;

  /** Of its customer, when the row was read: a license shows its customer, so it changes with it. */
  @VirtualColumn({
    type: 'integer',
    query: (license) => `SELECT version FROM customers WHERE id = ${license}.customer_id`,
  })
  customer_version!: number;

  get status(): LicenseStatus {
    return this.status_when_read;
  }

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  revoked_at!: Date | null;

  @Column({ type: 'text', nullable: true })
  revoked_reason!: string | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  suspended_at!: Date | null;

  @Column({ type: 'text', nullable: true })
  suspended_reason!: string | null;

  @Column({ type: 'text', nullable: true })
  instance_fingerprint!: string | null;

  /** What it allows beyond running, by code: `inStoredOrder`. Empty where there is nothing. */
  @Column({ type: 'jsonb', default: {} })
  entitlements!: Entitlements;

  /**
   * How many installations may use it at a time; null where seats are not counted. A statement that waits for the lock
   * of the license reads them as they were before it waited; a change of them counts `version`.
   */
  @VirtualColumn({ type: 'json', query: seatsSql })
  seats!: SeatTerms | null;

  /** The newest token; null once its customer was removed, for it holds the customer's name. */
  @Column({ type: 'text', nullable: true })
  token!: string | null;

  @Column({ type: 'text' })
  key_id!: string;

  @ManyToOne(() => SigningKey, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'key_id', foreignKeyConstraintName: 'licenses_key_id_fkey' })
  key?: SigningKey;

  /** Counts the license's tokens. */
  @Column({ type: 'integer', default: 1 })
  revision!: number;

  @Column({ type: 'text', nullable: true })
  notes!: string | null;

  /** Counts changes, for optimistic locking. */
  @Column({ type: 'integer', default: 1 })
  version!: number;

  @Column({ type: 'timestamptz', precision: 3, default: () => 'clock_timestamp()' })
  created_at!: Date;

  @Column({ type: 'timestamptz', precision: 3, default: () => 'clock_timestamp()' })
  updated_at!: Date;
}
