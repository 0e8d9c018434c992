/** Every job of the product; docs/metrics.md explains each. Names are labels of metrics: alarms depend on them. */
export const JOB_NAMES = [
  'api-key-expiry',
  'api-key-peppers',
  'api-key-uses',
  'audit-addresses',
  'audit-partitions',
  'audit-seal-lag',
  'audit-sealing',
  'checkpoint-shipping',
  'customer-search',
  'database-replicas',
  'ended-activations',
  'event-outbox',
  'event-retention',
  'event-sequencing',
  'expired-answers',
  'expiry-notices',
  'license-counts',
  'signed-key-set',
  'signing-key-files',
  'signing-keys',
  'statistics',
  'status-lists',
  'validation-counts',
] as const;

export type JobName = (typeof JOB_NAMES)[number];
