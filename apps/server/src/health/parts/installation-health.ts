import { Metrics } from '@aegis/metrics';
import { Injectable } from '@nestjs/common';
import type { HealthStatus } from '../health.service';
import { DATABASE_PART, READ_REPLICAS_PART } from './database-parts';
import { EVENTS_PART, STATUS_LISTS_PART, WEBHOOKS_PART } from './delivery-parts';
import type { HealthFinding, PartName, PartRule, PartStatus } from './health-part';
import { JOBS_PART } from './jobs-part';
import { API_KEYS_PART, SIGNED_KEY_SET_PART, SIGNING_PART } from './key-parts';
import { Readings } from './readings';
import { AUDIT_TRAIL_PART, CHECKPOINT_SINK_PART } from './trail-parts';

/** In the order of PART_NAMES. */
export const PART_RULES: readonly PartRule[] = [
  DATABASE_PART,
  SIGNING_PART,
  SIGNED_KEY_SET_PART,
  AUDIT_TRAIL_PART,
  CHECKPOINT_SINK_PART,
  EVENTS_PART,
  WEBHOOKS_PART,
  STATUS_LISTS_PART,
  READ_REPLICAS_PART,
  API_KEYS_PART,
  JOBS_PART,
];

/** One part, as it is now. */
export interface HealthPart {
  name: PartName;
  status: PartStatus;
  findings: HealthFinding[];
  /** Metrics without labels that it follows from, by name, rounded: the contract has no fractions. */
  measures: Record<string, number>;
}

export interface InstallationHealth {
  status: HealthStatus;
  parts: HealthPart[];
}

/**
 * How the parts of an installation do, as the process that answers sees them: by the same metrics and limits as the alarms
 * of config/prometheus, without their patience. Nothing is asked for it: jobs have measured it within the last seconds.
 */
@Injectable()
export class InstallationHealthService {
  constructor(private readonly metrics: Metrics) {}

  async check(): Promise<InstallationHealth> {
    const names = [...new Set(PART_RULES.flatMap(({ metrics }) => metrics))];
    const readings = await Readings.of(this.metrics, names);
    return healthOf(readings, Date.now() / 1000);
  }
}

/** @param now seconds since 1970 */
export function healthOf(readings: Readings, now: number): InstallationHealth {
  const parts = PART_RULES.map((rule) => partOf(rule, readings, now));
  const worst = (['unhealthy', 'degraded'] as const).find((status) =>
    parts.some((part) => part.status === status),
  );
  return { status: worst ?? 'healthy', parts };
}

function partOf(rule: PartRule, readings: Readings, now: number): HealthPart {
  const isOn = rule.isOn?.(readings) ?? true;
  const findings = isOn ? rule.look(readings, now) : [];
  const status = findings.length > 0 ? statusOf(rule) : isOn ? 'healthy' : 'off';
  return { name: rule.name, status, findings, measures: isOn ? measuresOf(rule, readings) : {} };
}

/** Without its database a server validates nothing. */
function statusOf({ name }: PartRule): 'unhealthy' | 'degraded' {
  return name === 'database' ? 'unhealthy' : 'degraded';
}

function measuresOf({ metrics }: PartRule, readings: Readings): Record<string, number> {
  return Object.fromEntries(
    metrics.flatMap((name) => {
      const [first] = readings.all(name);
      const isPlain = first !== undefined && Object.keys(first.labels).length === 0;
      return isPlain && Number.isFinite(first.value) ? [[name, Math.round(first.value)]] : [];
    }),
  );
}
