import type { PartRule } from './health-part';
import { duration } from './duration';

const LONGEST_LAG_S = 60;
const LONGEST_TRANSACTION_S = 300;
const LONGEST_SHIPPING_S = 300;
const SHIPPING = 'aegis_checkpoint_shipping_lag_seconds';

const ALARMS: Readonly<Record<string, string>> = {
  untrusted_checkpoint:
    'The last audit checkpoint is not one that a key of this server signed: nothing is sealed.',
  unsealable_records: 'Seals that belong to no checkpoint keep audit records from being sealed.',
  checkpoints_lost: 'The audit trail does not have checkpoints that were shipped.',
  record_too_large: 'An audit record is larger than one record may be: it and those after it are not sealed.',
};

/** The audit trail: whether it is sealed. */
export const AUDIT_TRAIL_PART: PartRule = {
  name: 'audit_trail',
  metrics: [
    'aegis_checkpoint_lag_seconds',
    'aegis_oldest_write_transaction_seconds',
    'aegis_audit_trail_alarm',
  ],
  look: (readings) => {
    const lag = readings.value('aegis_checkpoint_lag_seconds') ?? 0;
    const transaction = readings.value('aegis_oldest_write_transaction_seconds') ?? 0;
    return [
      ...readings.set('aegis_audit_trail_alarm', 'reason').map((reason) => ({
        alarm: 'AegisAuditTrailAlarm',
        message: ALARMS[reason] ?? `The audit trail needs a person: ${reason}.`,
      })),
      ...(lag > LONGEST_LAG_S
        ? [
            {
              alarm: 'AegisAuditRecordsWait',
              message: `The oldest audit record has waited ${duration(lag)} for a checkpoint.`,
            },
          ]
        : []),
      ...(transaction > LONGEST_TRANSACTION_S
        ? [
            {
              alarm: 'AegisLongTransaction',
              message: `A write transaction is open for ${duration(transaction)}: no audit record after it is sealed.`,
            },
          ]
        : []),
    ];
  },
};

/** Where checkpoints are shipped to. */
export const CHECKPOINT_SINK_PART: PartRule = {
  name: 'checkpoint_sink',
  metrics: [SHIPPING, 'aegis_job_last_success_seconds'],
  isOn: (readings) =>
    readings.value('aegis_job_last_success_seconds', ['job', 'checkpoint-shipping']) !== undefined,
  look: (readings) => {
    const lag = readings.value(SHIPPING) ?? 0;
    if (lag <= LONGEST_SHIPPING_S) return [];
    return [
      {
        alarm: 'AegisCheckpointsNotShipped',
        message: `The oldest checkpoint has waited ${duration(lag)} for CHECKPOINT_SINK.`,
      },
    ];
  },
};
