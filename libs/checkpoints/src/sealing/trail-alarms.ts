import { Logger } from '@aegis/logging';
import { type Gauge, Metrics } from '@aegis/metrics';
import { Injectable } from '@nestjs/common';

/** What is wrong with the audit trail's end, as the server itself sees it. */
export type TrailAlarm =
  'untrusted_checkpoint' | 'unsealable_records' | 'record_too_large' | 'checkpoints_lost';

const MEANING: Readonly<Record<TrailAlarm, string>> = {
  untrusted_checkpoint:
    'the last audit checkpoint is not one that a key of this server signed: nothing is sealed until `aegis audit resume`',
  unsealable_records:
    'seals that belong to no checkpoint keep audit records from being sealed: run `aegis audit verify`, then `aegis audit resume`',
  checkpoints_lost:
    'the audit trail does not have checkpoints that were shipped: its end was cut off, or an older state was restored. Run `aegis audit verify --shipped` with what was kept elsewhere',
  record_too_large: 'an audit record is larger than one record may be: it and those after it are not sealed',
};

/** Says in the log and in a metric what is wrong with the audit trail's end: once when it begins, once when it is over. */
@Injectable()
export class TrailAlarms {
  private readonly on = new Set<TrailAlarm>();
  private readonly alarms: Gauge<'reason'>;

  constructor(
    private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.alarms = metrics.gauge({
      name: 'aegis_audit_trail_alarm',
      help: '1 while the audit trail has a problem that needs a person, by reason.',
      labelNames: ['reason'],
    });
    for (const reason of Object.keys(MEANING)) this.alarms.set({ reason }, 0);
  }

  set(reason: Exclude<TrailAlarm, 'checkpoints_lost'>, on: boolean): void {
    this.alarms.set({ reason }, on ? 1 : 0);
    if (on === this.on.has(reason)) return;
    if (on) {
      this.on.add(reason);
      this.logger.write('error', MEANING[reason], { alarm: reason });
    } else {
      this.on.delete(reason);
      this.logger.write('info', `over: ${MEANING[reason]}`, { alarm: reason });
    }
  }

  /**
   * The trail does not have checkpoints that were shipped. The alarm stays on until the process ends: a moment later,
   * the checkpoints that replace the lost ones are shipped under their numbers, and then there is no difference to
   * see.
   * @param shipped number of the last checkpoint that was shipped
   * @param last number of the last checkpoint that the trail has
   */
  setCheckpointsLost(shipped: number, last: number): void {
    const reason = 'checkpoints_lost' satisfies TrailAlarm;
    this.alarms.set({ reason }, 1);
    this.logger.write('error', MEANING[reason], { alarm: reason, shipped, last });
  }
}
