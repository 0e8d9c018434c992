import { Column, Entity, PrimaryColumn, VirtualColumn } from 'typeorm';
import { shownData, shownText } from './record-size';

/** A text column, cut where it is longer than the server or the database's CHECKs admit. */
function ShownText(name: string): PropertyDecorator {
  return VirtualColumn({ type: 'text', query: (table) => shownText(`${table}.${name}`) });
}

/**
 * One row of the append-only trail. Only `AuditLog` writes it; it is never changed or deleted. TypeORM knows neither
 * partitions nor the type of the table's `xact` (xid8), so it leaves this table alone. Texts from before their length
 * was limited are shown in part: reading hundreds of megabytes would end the process.
 */
@Entity('audit_logs', { synchronize: false })
export class AuditRecord {
  /** A decimal number beyond JavaScript's, so a text; later records have greater ones. */
  @PrimaryColumn({ type: 'bigint', default: () => `nextval('audit_logs_id_seq')` })
  id!: string;

  @PrimaryColumn({ type: 'timestamptz', precision: 3, default: () => 'clock_timestamp()' })
  recorded_at!: Date;

  @ShownText('event_type')
  event_type!: string;

  @Column({ type: 'uuid', nullable: true })
  license_id!: string | null;

  @ShownText('customer_id')
  customer_id!: string | null;

  @ShownText('module_name')
  module_name!: string | null;

  @ShownText('api_key_id')
  api_key_id!: string | null;

  @ShownText('actor')
  actor!: string;

  @Column({ type: 'inet', nullable: true })
  ip_address!: string | null;

  @ShownText('user_agent')
  user_agent!: string | null;

  @ShownText('request_id')
  request_id!: string | null;

  @VirtualColumn({ type: 'jsonb', query: (table) => shownData(`${table}.event_data`) })
  event_data!: Record<string, unknown>;

  /** When it happened elsewhere, for records taken over from another system. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  occurred_at!: Date | null;
}
