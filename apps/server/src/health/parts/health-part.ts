import type { Readings } from './readings';

/** What has a health. */
export const PART_NAMES = [
  'database',
  'signing',
  'signed_key_set',
  'audit_trail',
  'checkpoint_sink',
  'events',
  'webhooks',
  'status_lists',
  'read_replicas',
  'api_keys',
  'jobs',
] as const;
export type PartName = (typeof PART_NAMES)[number];

/** `off`: it is not configured. */
export const PART_STATUSES = ['healthy', 'degraded', 'unhealthy', 'off'] as const;
export type PartStatus = (typeof PART_STATUSES)[number];

/** Something that is not as it should be. */
export interface HealthFinding {
  /** The alarm of config/prometheus that fires for it; docs/runbook.md has its section. */
  alarm: string;
  /** What is wrong, in one sentence. */
  message: string;
}

/** What is looked at of one part. */
export interface PartRule {
  name: PartName;
  /** Metrics that it follows from: those with one series are shown. */
  metrics: readonly string[];
  /** Whether there is such a thing; there is unless this says no. */
  isOn?: (readings: Readings) => boolean;
  /** @param now seconds since 1970, by the clock of this process, as alarms compare times */
  look: (readings: Readings, now: number) => HealthFinding[];
}
