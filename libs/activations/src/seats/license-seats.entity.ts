import { momentsCheck } from '@aegis/database';
import type { SeatMode } from '@aegis/license-token';
import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * How many installations a license may run on at a time, and what admissions keep of them. A transaction that adds an activation
 * locks this row first, and reads in a later statement.
 */
@Entity('license_seats')
@Check('license_seats_mode', `mode IN ('fixed', 'floating')`)
@Check('license_seats_terms', `lease_seconds IS NULL OR offline_days IS NULL`) // and more, in its migration
@Check('license_seats_numbers', `max BETWEEN 1 AND 100000`)
@Check('license_seats_take_over', `NOT take_over OR moves_per_30_days IS NOT NULL`)
@Check('license_seats_counts', `open >= 0 AND newcomers >= 0`)
@Check('license_seats_moments', momentsCheck('no_lapse_before', 'newcomers_fewer_at', 'refusal_recorded_at'))
export class LicenseSeats {
  @PrimaryColumn({ type: 'uuid' })
  license_id!: string;

  /** False once the license no longer counts seats; the row stays for its fence. */
  @Column({ type: 'boolean', default: true })
  counted!: boolean;

  @Column({ type: 'text' })
  mode!: SeatMode;

  /** Whether a license token is valid only together with an activation. */
  @Column({ type: 'boolean' })
  required!: boolean;

  @Column({ type: 'integer' })
  max!: number;

  /** Floating: for how long a heartbeat prolongs. Null where fixed. */
  @Column({ type: 'integer', nullable: true })
  lease_seconds!: number | null;

  /** Fixed: for how long an activation token counts. Null where floating. */
  @Column({ type: 'integer', nullable: true })
  offline_days!: number | null;

  /** Admitted beyond `max`, and marked. */
  @Column({ type: 'integer' })
  overage!: number;

  /** Null: no limit. */
  @Column({ type: 'integer', nullable: true })
  moves_per_30_days!: number | null;

  @Column({ type: 'boolean' })
  take_over!: boolean;

  /** Activations without an end on record, those whose lease has ended among them. */
  @Column({ type: 'integer', default: 0 })
  open!: number;

  /** No lease of an open activation ends before it: leases never shrink, so it stays true. Null: none of them ends. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  no_lapse_before!: Date | null;

  /** At least as many as the different fingerprints that were admitted in the last 30 days. */
  @Column({ type: 'integer', default: 0 })
  newcomers!: number;

  /** Before it, counting them again gives no fewer. Null: they were never counted. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  newcomers_fewer_at!: Date | null;

  /** Text, as the driver gives it: a `bigint`. */
  @Column({ type: 'bigint', default: 0 })
  last_fence!: string;

  /** When a refusal was last put on record: one per hour is. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  refusal_recorded_at!: Date | null;
}
