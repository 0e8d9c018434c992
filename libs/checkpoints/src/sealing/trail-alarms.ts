import type { Logger } from '@aegis/logging';
import type { Gauge, Metrics } from '@aegis/metrics';

/** What is wrong with the audit trail's end, as the server itself sees it. */
export type TrailAlarm = 'untrusted_checkpoint' | 'unsealable_records' | 'record_too_large';

const MEANING: Readonly<Record<TrailAlarm, string>> = {
  untrusted_checkpoint:
    'the last audit checkpoint is not one that a key of this server signed: nothing is sealed until `aegis audit resume`',
  unsealable_records:
    'seals that belong to no checkpoint keep audit records from being sealed: run `aegis audit verify`, then `aegis audit resume`',
  record_too_large: 'an audit record is larger than one record may be: it and those after it are not sealed',
};

/** Says in the log and in a metric what keeps audit records from being sealed: once when it begins, once when it is over. */
export class TrailAlarms {
  private readonly on = new Set<TrailAlarm>();
  private readonly alarms: Gauge<'reason'>;

  constructor(
    private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.alarms = metrics.gauge({
      name: 'aegis_audit_trail_alarm',
      help: '1 while a problem with the audit trail prevents sealing, by reason.',
      labelNames: ['reason'],
    });
    for (const reason of Object.keys(MEANING)) this.alarms.set({ reason }, 0);
  }

  set(reason: TrailAlarm, on: boolean): void {
    this.alarms.set({ reason }, on ? 1 : 0);
    if (on === this.on.has(reason)) return;
    if (on) {
      this.on.add(reason);
      this.logger.write('error', MEANING[reason], { reason });
    } else {
      this.on.delete(reason);
      this.logger.write('info', `over: ${MEANING[reason]}`, { reason });
    }
  }
}
