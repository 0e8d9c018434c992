import { fingerprintPrefix, heartbeatAfter } from './shown-facts';
import type { ActivationRow } from './activation-rows';
import type { ActivationEnd } from './activation.entity';

/** An activation as callers see it. */
export interface ActivationView {
  id: string;
  license_id: string;
  name: string | null;
  /** The first 8 hex digits of its digest. */
  fingerprint_prefix: string;
  mode: ActivationRow['mode'];
  over: boolean;
  fence: number;
  created_at: Date;
  last_seen_at: Date;
  lease_ends_at: Date | null;
  /** End of the validity of its offline file; null if it has no such file. */
  offline_until: Date | null;
  /** Seconds; null where it has ended. */
  heartbeat_after: number | null;
  ended_at: Date | null;
  ended_by: ActivationEnd | null;
}

/** And what only its holder gets. */
export interface HeldActivation extends ActivationView {
  /** Null where none was asked for, or nothing can be signed at the moment. */
  token: string | null;
  /** The newest license token, where the presented one is older. */
  license_token: string | null;
}

/** @param lastsSeconds for how long a lease is given, or where fixed a token */
export function activationView(row: ActivationRow, lastsSeconds: number): ActivationView {
  return {
    id: row.id,
    license_id: row.license_id,
    name: row.name,
    fingerprint_prefix: fingerprintPrefix(row.fp),
    mode: row.mode,
    over: row.over,
    fence: Number(row.fence),
    created_at: row.admitted_at,
    last_seen_at: row.last_seen_at,
    lease_ends_at: row.lease_ends_at,
    offline_until: row.offline_until,
    heartbeat_after: row.ended_at === null ? heartbeatAfter(lastsSeconds) : null,
    ended_at: row.ended_at,
    ended_by: row.ended_by,
  };
}
