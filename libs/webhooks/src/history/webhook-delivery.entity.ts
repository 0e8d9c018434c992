import { type EventName, publicEventId } from '@aegis/events';
import { Column, Entity, PrimaryColumn, VirtualColumn } from 'typeorm';

/** What can be known of a delivery: it waits, was made, was given up, or may have been made before a restore. */
export const DELIVERY_STATES = ['pending', 'delivered', 'failed', 'sent_before_restore'] as const;

export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** Why a delivery was given up. */
export const FAILED_REASONS = ['attempts_used', 'gone', 'endpoint_disabled'] as const;

function ofEvent(column: string): (table: string) => string {
  return (table) => `SELECT event.${column} FROM events AS event WHERE event.position = ${table}.position`;
}

/** A delivery as it is listed. The server's deliverer writes it; its event is always on record. */
@Entity('webhook_deliveries', { synchronize: false })
export class WebhookDelivery {
  @PrimaryColumn({ type: 'uuid' })
  endpoint_id!: string;

  /** Of the endpoint's events. */
  @PrimaryColumn({ type: 'bigint', transformer: { from: Number, to: String } })
  sequence!: number;

  @Column({ type: 'uuid' })
  id!: string;

  @Column({ type: 'bigint', transformer: { from: Number, to: String } })
  position!: number;

  @Column({ type: 'text' })
  state!: DeliveryState;

  @Column({ type: 'text', nullable: true })
  failed_reason!: (typeof FAILED_REASONS)[number] | null;

  @Column({ type: 'timestamptz', precision: 3 })
  created_at!: Date;

  @Column({ type: 'timestamptz', precision: 3 })
  due_at!: Date;

  @Column({ type: 'smallint' })
  attempts!: number;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  attempted_at!: Date | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  ended_at!: Date | null;

  @Column({ type: 'smallint', nullable: true })
  status!: number | null;

  @Column({ type: 'text', nullable: true })
  error!: string | null;

  @Column({ type: 'integer', nullable: true })
  latency_ms!: number | null;

  @Column({ type: 'text', nullable: true })
  answer!: string | null;

  @VirtualColumn({ type: 'uuid', query: ofEvent('id') })
  event_id!: string;

  @VirtualColumn({ type: 'text', query: ofEvent('type') })
  event_type!: EventName;

  /** When it is attempted next; null where it is not. */
  get next_attempt_at(): Date | null {
    return this.state === 'pending' ? this.due_at : null;
  }

  get event(): { id: string; type: EventName; position: number } {
    return { id: publicEventId(this.event_id), type: this.event_type, position: this.position };
  }
}
