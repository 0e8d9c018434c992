import { Jobs } from '@aegis/jobs';
import { type Gauge, Metrics } from '@aegis/metrics';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { TrailAlarms } from './trail-alarms';
import { jwsFrom } from '../checkpoint';
import { Sealer } from './sealer';
import { RecordTooLarge } from './unsealed-records';

const PAUSE_MS = 500;

/** Seals the audit trail twice a second, and without a pause while it is behind; replicas share the work. */
@Injectable()
export class Sealing {
  private readonly lag: Gauge;
  private readonly oldestTransaction: Gauge;

  constructor(
    private readonly dataSource: DataSource,
    private readonly sealer: Sealer,
    private readonly alarms: TrailAlarms,
    metrics: Metrics,
    jobs: Jobs,
  ) {
    this.lag = metrics.gauge({
      name: 'aegis_checkpoint_lag_seconds',
      help: 'Age of the oldest audit record that no checkpoint seals yet; 0 when all are sealed.',
    });
    this.oldestTransaction = metrics.gauge({
      name: 'aegis_oldest_write_transaction_seconds',
      help: 'Age of the oldest write transaction that this role can see: no audit record after it is sealed.',
    });
    jobs.add({
      name: 'audit-sealing',
      pauseMs: PAUSE_MS,
      failure: 'audit records could not be sealed; they wait',
      run: (goesOn) => this.seal(goesOn),
    });
    jobs.add({
      name: 'audit-seal-lag',
      pauseMs: PAUSE_MS,
      failure: 'how long audit records wait to be sealed could not be determined',
      run: () => this.measure(),
    });
  }

  private async seal(goesOn: () => boolean): Promise<void> {
    try {
      await this.sealer.seal(goesOn);
    } catch (error) {
      if (error instanceof RecordTooLarge) this.alarms.set('record_too_large', true);
      throw error;
    }
    this.alarms.set('record_too_large', false);
  }

  /** A record is sealed only if a trusted checkpoint seals it. */
  private async measure(): Promise<void> {
    const { last, trusted } = await this.sealer.chainEnd.read();
    // Records from another cluster may have xids that this one has not reached: they are left out. A record has one
    // seal at most: as a scalar subquery it is looked up for each of the few records that there are.
    const [row] = await this.dataSource.query<{ lag: number; unsealable: boolean; oldest: number }[]>(
      `
      SELECT coalesce(extract(epoch FROM clock_timestamp() - least((
               SELECT recorded_at FROM audit_logs AS record
               WHERE (xact, id) > (coalesce(last.sealed_xact, '0'::xid8), coalesce(last.sealed_id, 0))
                 AND xact < pg_snapshot_xmax(pg_current_snapshot())
                 AND NOT coalesce((
                   SELECT seal.checkpoint <= $1
                      AND (SELECT seal.leaf_index < audit_checkpoint_size(${jwsFrom('jws')}) FROM audit_checkpoints WHERE number = seal.checkpoint)
                   FROM audit_seals AS seal WHERE seal.audit_id = record.id), false)
               ORDER BY xact, id LIMIT 1), unsealable.since)), 0)::float8 AS lag,
             unsealable.since IS NOT NULL AS unsealable,
             coalesce((
               SELECT max(extract(epoch FROM clock_timestamp() - xact_start)) FROM pg_stat_activity
               WHERE backend_xid IS NOT NULL), 0)::float8 AS oldest
      FROM (SELECT min(recorded_at) AS since FROM audit_unsealable) AS unsealable
      LEFT JOIN (SELECT * FROM audit_checkpoints WHERE number = $1) AS last ON true`,
      [trusted],
    );
    if (row === undefined) return;
    this.lag.set(row.lag);
    this.oldestTransaction.set(row.oldest);
    this.alarms.set('untrusted_checkpoint', trusted < last);
    this.alarms.set('unsealable_records', row.unsealable);
  }
}
