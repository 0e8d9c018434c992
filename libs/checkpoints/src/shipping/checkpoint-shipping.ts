import { Environment } from '@aegis/config';
import { Jobs } from '@aegis/jobs';
import { type Gauge, Metrics } from '@aegis/metrics';
import { Injectable } from '@nestjs/common';
import { fileURLToPath } from 'node:url';
import { DataSource } from 'typeorm';
import { checkpointHash, jwsFrom, readCheckpoint } from '../checkpoint';
import type { AcknowledgedCheckpoint, CheckpointSink, ShippedCheckpoint } from './checkpoint-sink';
import { FileSink } from './file-sink';
import { HttpSink } from './http-sink';
import { Sealer } from '../sealing/sealer';
import { TrailAlarms } from '../sealing/trail-alarms';
import { MOST_LEAVES } from '../tree/leaf';
import type { StoredCheckpoint } from '../tree/sealed-records';
import { withRecords } from './shipped-records';

const PAUSE_MS = 1000;
const AT_ONCE = 100;
/** Records of one delivery, unless a single checkpoint has more. */
const RECORDS_AT_ONCE = MOST_LEAVES;

/**
 * Ships checkpoints with the records that they seal to CHECKPOINT_SINK, each at least once and in their order. After an outage it continues with the
 * first that the sink has not acknowledged. What no key of this server signed is not shipped: it waits.
 */
@Injectable()
export class CheckpointShipping {
  private acknowledged = 0;
  private lost = false;
  private readonly lag: Gauge;

  constructor(
    private readonly dataSource: DataSource,
    { CHECKPOINT_SINK: sink, CHECKPOINT_SINK_TOKEN: token }: Environment,
    private readonly alarms: TrailAlarms,
    metrics: Metrics,
    private readonly sealer: Sealer,
    jobs: Jobs,
  ) {
    this.lag = metrics.gauge({
      name: 'aegis_checkpoint_shipping_lag_seconds',
      help: 'Age of the oldest checkpoint that CHECKPOINT_SINK has not acknowledged; 0 when it has all.',
    });
    if (sink === undefined) return;
    const target = sink.startsWith('file:')
      ? new FileSink(fileURLToPath(sink))
      : new HttpSink(dataSource, sink, token);
    jobs.add({
      name: 'checkpoint-shipping',
      pauseMs: PAUSE_MS,
      failure: 'checkpoints could not be shipped; they wait',
      run: (goesOn) => this.ship(target, goesOn).finally(() => this.measure()),
    });
  }

  /** The sink is asked before each delivery: it may be another process's turn by then. */
  private async ship(sink: CheckpointSink, goesOn: () => boolean): Promise<void> {
    let more = true;
    while (more && goesOn()) {
      const { last, mine } = await sink.acknowledged();
      await this.resume(last);
      const { checkpoints, isLast } = mine ? await this.next() : { checkpoints: [], isLast: true };
      if (checkpoints.length > 0) await sink.append(checkpoints);
      this.acknowledged = checkpoints.at(-1)?.number ?? this.acknowledged;
      more = !isLast;
    }
  }

  /**
   * Finds out after which checkpoint to continue. Where the trail does not have the last that was shipped, because its end
   * was cut off or an older state was restored, an alarm says so, and what comes in its place is still shipped: from the end that the trail has
   * when that is seen.
   */
  private async resume(shipped: AcknowledgedCheckpoint | undefined): Promise<void> {
    const { last, jws } = await this.trailAt(shipped?.number ?? 0);
    const isHere = jws !== null && (shipped?.hash === null || shipped?.hash === checkpointHash(jws));
    if (shipped === undefined || isHere) {
      this.acknowledged = shipped?.number ?? 0;
      this.lost = false;
      return;
    }
    this.acknowledged = Math.min(this.lost ? this.acknowledged : shipped.number - 1, last);
    if (!this.lost) this.alarms.setCheckpointsLost(shipped.number, last);
    this.lost = true;
  }

  /** Number of the last checkpoint, 0 before the first, and the one with a number, if it is there. */
  private async trailAt(number: number): Promise<{ last: number; jws: string | null }> {
    const [row] = await this.dataSource.query<{ last: number; jws: string | null }[]>(
      `SELECT (SELECT coalesce(max(number), 0) FROM audit_checkpoints)::float8 AS last,
              (SELECT ${jwsFrom('jws')} FROM audit_checkpoints WHERE number = $1) AS jws`,
      [number],
    );
    return row ?? { last: 0, jws: null };
  }

  /** @returns what to deliver next, with the records, and whether nothing is left after it */
  private async next(): Promise<{ checkpoints: ShippedCheckpoint[]; isLast: boolean }> {
    const { trusted } = await this.sealer.chainEnd.read();
    const rows = await this.dataSource.query<StoredCheckpoint[]>(
      `SELECT number, ${jwsFrom('jws')} AS jws FROM audit_checkpoints
       WHERE number > $1 AND number <= $2 ORDER BY number LIMIT $3`,
      [this.acknowledged, trusted, AT_ONCE],
    );
    const delivered = firstOf(rows);
    return {
      checkpoints: await withRecords(this.dataSource.manager, delivered),
      isLast: rows.length < AT_ONCE && delivered.length === rows.length,
    };
  }

  private async measure(): Promise<void> {
    const [row] = await this.dataSource.query<{ lag: number }[]>(
      `SELECT coalesce((SELECT extract(epoch FROM clock_timestamp() - created_at) FROM audit_checkpoints
                        WHERE number > $1 ORDER BY number LIMIT 1), 0)::float8 AS lag`,
      [this.acknowledged],
    );
    if (row) this.lag.set(row.lag);
  }
}

/** As many checkpoints as one delivery takes with their records, the first in any case. */
function firstOf(checkpoints: readonly StoredCheckpoint[]): StoredCheckpoint[] {
  let records = 0;
  const rest = checkpoints.findIndex(({ jws }, index) => {
    records += readCheckpoint(jws)?.size ?? 0;
    return index > 0 && records > RECORDS_AT_ONCE;
  });
  return checkpoints.slice(0, rest === -1 ? checkpoints.length : rest);
}
