import { momentsCheck } from '@aegis/database';
import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A customer. A deleted one stays as a tombstone with only its id, so that the id is never used again. */
@Entity('customers')
@Check('customers_id_format', `id ~ '^[A-Za-z0-9_-]{1,50}$'`)
@Check(
  'customers_lengths',
  `char_length(name) BETWEEN 1 AND 200 AND char_length(email) <= 254 AND char_length(company) <= 200 AND char_length(phone) <= 50 AND char_length(address) <= 500 AND char_length(notes) <= 2000`,
)
@Check(
  'customers_tombstone',
  `CASE WHEN deleted_at IS NULL THEN name IS NOT NULL ELSE NOT is_active AND num_nonnulls(name, email, company, phone, address, notes) = 0 END`,
)
@Check('customers_moments', momentsCheck('created_at', 'updated_at', 'deleted_at'))
@Check(
  'customers_beginnings',
  `cardinality(beginnings) <= 80 AND octet_length(beginnings::text) <= 65536 AND (deleted_at IS NULL OR beginnings IS NULL)`,
)
@Check('customers_restored_moment', momentsCheck('restored_at'))
@Index('customers_by_creation', { synchronize: false })
@Index('customers_by_activity', { synchronize: false })
@Index('customers_by_id_prefix', { synchronize: false })
@Index('customers_unfolded', { synchronize: false })
export class Customer {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  /** Null only in a tombstone, which nothing outside this lib sees. */
  @Column({ type: 'text', nullable: true })
  name!: string;

  @Column({ type: 'text', nullable: true })
  email!: string | null;

  @Column({ type: 'text', nullable: true })
  company!: string | null;

  @Column({ type: 'text', nullable: true })
  phone!: string | null;

  @Column({ type: 'text', nullable: true })
  address!: string | null;

  @Column({ type: 'text', nullable: true })
  notes!: string | null;

  @Column({ type: 'boolean', default: true })
  is_active!: boolean;

  /** Counts changes, for optimistic locking. */
  @Column({ type: 'integer', default: 1 })
  version!: number;

  @Column({ type: 'timestamptz', precision: 3, default: () => 'clock_timestamp()' })
  created_at!: Date;

  @Column({ type: 'timestamptz', precision: 3, default: () => 'clock_timestamp()' })
  updated_at!: Date;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  deleted_at!: Date | null;

  /**
   * What it is searched by (`foldedBeginnings`): written after its texts, and emptied by the database where they change.
   * The database keeps them as rows of `customer_beginnings`, too. Null until somebody folds them.
   */
  @Column({ type: 'text', array: true, nullable: true, select: false })
  beginnings?: string[] | null;

  /** When it was created again from the audit trail, which has no names; null after somebody has named it. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  restored_at!: Date | null;
}
