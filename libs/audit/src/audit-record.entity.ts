import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * One row of the append-only trail. Written by `AuditLog` alone, never changed, never deleted.
 * TypeORM knows neither partitions nor the type of the table's `xact` (xid8), so it leaves this table alone.
 */
@Entity('audit_logs', { synchronize: false })
export class AuditRecord {
  /** A decimal number beyond JavaScript's, so a text; later records have greater ones. */
  @PrimaryColumn({ type: 'bigint', default: () => `nextval('audit_logs_id_seq')` })
  id!: string;

  @PrimaryColumn({ type: 'timestamptz', precision: 3, default: () => 'clock_timestamp()' })
  recorded_at!: Date;

  @Column({ type: 'text' })
  event_type!: string;

  @Column({ type: 'uuid', nullable: true })
  license_id!: string | null;

  @Column({ type: 'text', nullable: true })
  customer_id!: string | null;

  @Column({ type: 'text', nullable: true })
  module_name!: string | null;

  @Column({ type: 'text', nullable: true })
  api_key_id!: string | null;

  @Column({ type: 'text' })
  actor!: string;

  @Column({ type: 'inet', nullable: true })
  ip_address!: string | null;

  @Column({ type: 'text', nullable: true })
  user_agent!: string | null;

  @Column({ type: 'text', nullable: true })
  request_id!: string | null;

  @Column({ type: 'jsonb', default: {} })
  event_data!: Record<string, unknown>;

  /** When it happened elsewhere, for records taken over from another system. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  occurred_at!: Date | null;
}
