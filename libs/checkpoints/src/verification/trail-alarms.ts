import type { Logger } from '@aegis/logging';
import type { Metrics, TrailAlarm } from '@aegis/metrics';

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

  constructor(
    private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {}

  set(reason: TrailAlarm, on: boolean): void {
    this.metrics.trailAlarm(reason, on);
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
