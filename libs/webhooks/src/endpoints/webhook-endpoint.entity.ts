import { momentsCheck } from '@aegis/database';
import { Check, Column, Entity, PrimaryColumn, VersionColumn, VirtualColumn } from 'typeorm';

/** Why an endpoint gets nothing: an operator said so, it answered 410, or nothing succeeded for days. */
export const DISABLED_REASONS = ['operator', 'gone', 'failing'] as const;

export type DisabledReason = (typeof DISABLED_REASONS)[number];

function filterCheck(column: string): string {
  return `cardinality(${column}) BETWEEN 1 AND 100 AND octet_length(${column}::text) <= 65536`;
}

/** Where events are sent to. One that was deleted stays, hidden and without keys, until its deliveries are removed. */
@Entity('webhook_endpoints')
@Check('webhook_endpoints_url_length', `octet_length(url) <= 2048`)
@Check('webhook_endpoints_description_length', `octet_length(description) <= 2000`)
@Check('webhook_endpoints_event_types', filterCheck('event_types'))
@Check('webhook_endpoints_module_names', filterCheck('module_names'))
@Check('webhook_endpoints_customer_ids', filterCheck('customer_ids'))
@Check('webhook_endpoints_api_version_length', `length(api_version) <= 20`)
@Check(
  'webhook_endpoints_disabled',
  `is_active = (disabled_reason IS NULL) AND is_active = (disabled_at IS NULL)
   AND disabled_reason IN ('operator', 'gone', 'failing')`,
)
@Check(
  'webhook_endpoints_keys_length',
  `octet_length(keys) <= 4096 AND octet_length(public_key) <= 200 AND octet_length(previous_keys) <= 4096`,
)
@Check('webhook_endpoints_previous', `(previous_keys IS NULL) = (previous_valid_until IS NULL)`)
@Check('webhook_endpoints_created_by_length', `octet_length(created_by) <= 1024`)
@Check(
  'webhook_endpoints_moments',
  momentsCheck('disabled_at', 'previous_valid_until', 'created_at', 'updated_at', 'deleted_at'),
)
export class WebhookEndpoint {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  @Column({ type: 'text' })
  url!: string;

  @Column({ type: 'text', nullable: true })
  description!: string | null;

  /** Names of the catalogue, or of a group as `license.*`; null for all. */
  @Column({ type: 'text', array: true, nullable: true })
  event_types!: string[] | null;

  @Column({ type: 'text', array: true, nullable: true })
  module_names!: string[] | null;

  @Column({ type: 'text', array: true, nullable: true })
  customer_ids!: string[] | null;

  /** Form of its bodies, given when it was created. */
  @Column({ type: 'text' })
  api_version!: string;

  @Column({ type: 'boolean', default: true })
  is_active!: boolean;

  @Column({ type: 'text', nullable: true })
  disabled_reason!: DisabledReason | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  disabled_at!: Date | null;

  /** Sealed by `EndpointKeyBox`; empty when it is deleted. */
  @Column({ type: 'text', select: false })
  keys!: string;

  /** `whpk_…`, which checks its `v1a` signatures. */
  @Column({ type: 'text' })
  public_key!: string;

  /** Of before the last rotation; they sign too until `previous_valid_until`. */
  @Column({ type: 'text', nullable: true, select: false })
  previous_keys!: string | null;

  /** May be past: then the previous keys no longer sign. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  previous_valid_until!: Date | null;

  /** Name of the Actor who made it. */
  @Column({ type: 'text' })
  created_by!: string;

  @Column({ type: 'timestamptz', precision: 3, default: () => 'clock_timestamp()' })
  created_at!: Date;

  @Column({ type: 'timestamptz', precision: 3, default: () => 'clock_timestamp()' })
  updated_at!: Date;

  /** Counts changes of its settings; a delivery is not one. */
  @VersionColumn({ type: 'integer', default: 1 })
  version!: number;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  deleted_at!: Date | null;

  /** Of its last event; 0 before the first. */
  @VirtualColumn({
    type: 'double precision',
    query: (endpoint) =>
      `SELECT progress.sequence::float8 FROM webhook_progress AS progress WHERE progress.endpoint_id = ${endpoint}.id`,
  })
  sequence!: number;

  @VirtualColumn({
    type: 'timestamptz',
    query: (endpoint) =>
      `SELECT progress.last_success_at FROM webhook_progress AS progress WHERE progress.endpoint_id = ${endpoint}.id`,
  })
  last_success_at!: Date | null;

  /** The first failed attempt after the last success; null where there is none. */
  @VirtualColumn({
    type: 'timestamptz',
    query: (endpoint) =>
      `SELECT progress.failing_since FROM webhook_progress AS progress WHERE progress.endpoint_id = ${endpoint}.id`,
  })
  failing_since!: Date | null;
}
