import type { Gauge, Metrics } from '@aegis/metrics';

/** A signing key on record, and since when it is in its state. */
export interface KeyAge {
  kid: string;
  state: 'pending' | 'active' | 'retired' | 'compromised';
  since: Date;
}

/** Which keys are on record, and whether this process can sign and is notified of changes. */
export class KeyMetrics {
  private readonly since: Gauge<'kid' | 'state'>;
  private readonly ready: Gauge;
  private readonly notifications: Gauge;

  constructor(metrics: Metrics) {
    this.since = metrics.gauge({
      name: 'aegis_signing_key_since_timestamp_seconds',
      help: 'When each signing key entered its state, in seconds since 1970.',
      labelNames: ['kid', 'state'],
    });
    this.ready = metrics.gauge({
      name: 'aegis_signing_ready',
      help: 'Whether this process can sign with the active key: 1, or 0.',
    });
    this.notifications = metrics.gauge({
      name: 'aegis_signing_keys_notified',
      help: 'Whether this process is notified of changed signing keys: 1, or 0 while it polls for them instead.',
    });
  }

  /**
   * @param canSign whether this process can sign with the active key
   * @param keys all on record
   */
  keysSeen(canSign: boolean, keys: readonly KeyAge[]): void {
    this.ready.set(canSign ? 1 : 0);
    this.since.reset();
    for (const { kid, state, since } of keys) this.since.set({ kid, state }, since.getTime() / 1000);
  }

  /** @param live whether this process is notified of changed signing keys */
  notified(live: boolean): void {
    this.notifications.set(live ? 1 : 0);
  }
}
