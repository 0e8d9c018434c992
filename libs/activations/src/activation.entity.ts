import { momentsCheck } from '@aegis/database';
import {
  AfterLoad,
  Check,
  Column,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  Unique,
  VirtualColumn,
} from 'typeorm';
import { DEFAULT_LEASE_SECONDS, DEFAULT_OFFLINE_DAYS } from './seats/seat-terms';
import type { SeatMode } from '@aegis/license-token';
import { fingerprintPrefix, heartbeatAfter } from './shown-facts';
import { LicenseSeats } from './seats/license-seats.entity';

/** What ended an activation: its lease, its holder, the vendor, another installation, or the removal of its customer. */
export const ACTIVATION_ENDS = ['lease', 'released', 'ended', 'taken_over', 'customer_removed'] as const;

export type ActivationEnd = (typeof ACTIVATION_ENDS)[number];

/** An installation that holds a seat of a license, or held one. */
@Entity('activations')
@Check('activations_fp_length', `octet_length(fp) = 32`)
@Check('activations_mode', `mode IN ('fixed', 'floating')`)
@Check(
  'activations_lease',
  `CASE WHEN lease_ends_at IS NULL THEN mode = 'fixed' ELSE mode = 'floating' OR offline_until IS NOT NULL END`,
)
@Check('activations_fence', `fence BETWEEN 1 AND 9007199254740991`)
@Check(
  'activations_end',
  `(ended_at IS NULL) = (ended_by IS NULL) AND (ended_at IS NOT NULL OR ended_reason IS NULL)`,
)
@Check('activations_ended_by', `ended_by IN ('lease', 'released', 'ended', 'taken_over', 'customer_removed')`)
@Check(
  'activations_lengths',
  `char_length(name) BETWEEN 1 AND 200 AND char_length(ended_reason) BETWEEN 1 AND 500`,
)
@Check(
  'activations_status',
  `(status_list IS NULL) = (status_index IS NULL) AND status_list >= 0 AND status_index BETWEEN 0 AND 131071`,
)
@Check(
  'activations_moments',
  momentsCheck(
    'admitted_at',
    'last_seen_at',
    'lease_ends_at',
    'token_expires_at',
    'offline_until',
    'ended_at',
  ),
)
@Unique('activations_status_unique', ['status_list', 'status_index'])
@Index('activations_open', { synchronize: false })
@Index('activations_by_fingerprint', { synchronize: false })
@Index('activations_by_admission', { synchronize: false })
@Index('activations_kept', { synchronize: false })
@Index('activations_listed', { synchronize: false })
export class Activation {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  @Column({ type: 'uuid' })
  license_id!: string;

  @ManyToOne(() => LicenseSeats, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'license_id', foreignKeyConstraintName: 'activations_license_id_fkey' })
  seats?: LicenseSeats;

  /** SHA-256 of the license's id, a colon and the fingerprint: nothing else is kept of it. */
  @Column({ type: 'bytea' })
  fp!: Buffer;

  /** Null also once the license's customer was removed. */
  @Column({ type: 'text', nullable: true })
  name!: string | null;

  /** The one that it was admitted in. */
  @Column({ type: 'text' })
  mode!: SeatMode;

  /** It was admitted beyond `max`. */
  @Column({ type: 'boolean' })
  over!: boolean;

  /** Grows with each admission of the license; below 2^53. */
  @Column({ type: 'bigint', transformer: { from: Number, to: (fence: number) => fence } })
  fence!: number;

  @Column({ type: 'timestamptz', precision: 3 })
  admitted_at!: Date;

  @Column({ type: 'timestamptz', precision: 3 })
  last_seen_at!: Date;

  /**
   * The first moment at which it no longer holds its seat. Null where fixed, except for one that was admitted for an offline
   * file: that one holds its seat until the end of the file.
   */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  lease_ends_at!: Date | null;

  /** The latest `exp` of all tokens and files that were given out for it; null: there were none. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  token_expires_at!: Date | null;

  /** The `exp` of its file for machines without a network; null: it has none. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  offline_until!: Date | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  ended_at!: Date | null;

  @Column({ type: 'text', nullable: true })
  ended_by!: ActivationEnd | null;

  @Column({ type: 'text', nullable: true })
  ended_reason!: string | null;

  @Column({ type: 'integer', nullable: true })
  status_list!: number | null;

  @Column({ type: 'integer', nullable: true })
  status_index!: number | null;

  /** When it ended, by the database's clock when the row was read: also where the end of its lease is not on record yet. */
  @VirtualColumn({
    type: 'timestamptz',
    query: (activation) =>
      `SELECT CASE WHEN ${activation}.ended_at IS NULL AND ${activation}.lease_ends_at <= clock_timestamp()
                   THEN ${activation}.lease_ends_at ELSE ${activation}.ended_at END`,
  })
  ended_when_read!: Date | null;

  /** Seconds for which the license gives a lease now; where fixed, a token. */
  @VirtualColumn({
    type: 'integer',
    query: (activation) =>
      `SELECT CASE ${activation}.mode WHEN 'floating' THEN coalesce(lease_seconds, ${DEFAULT_LEASE_SECONDS})
                   ELSE coalesce(offline_days, ${DEFAULT_OFFLINE_DAYS}) * 86400 END
       FROM license_seats WHERE license_seats.license_id = ${activation}.license_id`,
  })
  lasts_seconds!: number;

  /** A lease that is over has ended it, though that is not on record yet. */
  @AfterLoad()
  protected endByLease(): void {
    if (this.ended_at !== null || !this.ended_when_read) return;
    this.ended_at = this.ended_when_read;
    this.ended_by = 'lease';
  }

  get created_at(): Date {
    return this.admitted_at;
  }

  get fingerprint_prefix(): string {
    return fingerprintPrefix(this.fp);
  }

  get heartbeat_after(): number | null {
    return this.ended_at === null ? heartbeatAfter(this.lasts_seconds) : null;
  }
}
