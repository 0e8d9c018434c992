import { Environment } from '@aegis/config';
import { Jobs } from '@aegis/jobs';
import { Logger } from '@aegis/logging';
import { type Gauge, Metrics } from '@aegis/metrics';
import { KeyRing } from '@aegis/signing';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { fileURLToPath } from 'node:url';
import { DataSource } from 'typeorm';
import { jwsFrom, readCheckpoint } from '../checkpoint';
import type { AcknowledgedCheckpoint, CheckpointSink, ShippedCheckpoint } from './checkpoint-sink';
import { FileSink } from './file-sink';
import { HttpSink } from './http-sink';
import { Sealer } from '../sealing/sealer';
import { TrailAlarms } from '../sealing/trail-alarms';
import { MOST_LEAVES } from '../tree/leaf';
import type { StoredCheckpoint } from '../tree/sealed-records';
import { compareShippedEnd, lastInTrail, noteRestore } from './shipped-end';
import { firstLost } from './unfinished-end';
import { withRecords } from './shipped-records';

const PAUSE_MS = 1000;
const AT_ONCE = 100;
/** A start that waits longer for the sink says so. */
const PATIENCE_MS = 5000;
/** Records of one delivery, unless a single checkpoint has more. */
const RECORDS_AT_ONCE = MOST_LEAVES;

/**
 * Ships checkpoints with the records that they seal to CHECKPOINT_SINK, each at least once and in order. After an
 * outage it continues with the first checkpoint that the sink has not acknowledged. A checkpoint that no key of this
 * server signed is not shipped, and waits. If the sink is ahead of the trail, the database was restored: that is
 * noted before this process serves anyone.
 */
@Injectable()
export class CheckpointShipping implements OnModuleInit {
  private acknowledged = 0;
  private lost = false;
  private isEndCompared = false;
  private common: { of: string | null | undefined; number: number | undefined } | undefined;
  private readonly lag: Gauge;
  private readonly sink: CheckpointSink | undefined;

  constructor(
    private readonly dataSource: DataSource,
    { CHECKPOINT_SINK: sink, CHECKPOINT_SINK_TOKEN: token }: Environment,
    private readonly alarms: TrailAlarms,
    metrics: Metrics,
    private readonly sealer: Sealer,
    private readonly keyRing: KeyRing,
    private readonly logger: Logger,
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
    this.sink = target;
    jobs.add({
      name: 'checkpoint-shipping',
      pauseMs: PAUSE_MS,
      failure: 'checkpoints could not be shipped; they wait',
      run: (goesOn) => this.ship(target, goesOn).finally(() => this.measure()),
    });
  }

  /**
   * Before the jobs start and the server listens. A sink that can't be read now is read by the job. One that does not
   * answer is waited for: what it has may say that the database was restored.
   */
  async onModuleInit(): Promise<void> {
    const patience = setTimeout(() => {
      this.logger.write('warn', 'the start waits for CHECKPOINT_SINK, which does not answer');
    }, PATIENCE_MS);
    try {
      if (this.sink !== undefined) await this.resume(this.sink, (await this.sink.acknowledged()).last);
    } catch (error) {
      this.logger.write('warn', 'shipped checkpoints could not be compared with the trail at the start', {
        error,
      });
    } finally {
      clearTimeout(patience);
    }
  }

  /** The sink is asked before each delivery, because another process may have taken over. */
  private async ship(sink: CheckpointSink, goesOn: () => boolean): Promise<void> {
    let more = true;
    while (more && goesOn()) {
      const { last, mine } = await sink.acknowledged();
      if (!(await this.resume(sink, last))) return;
      const { checkpoints, isLast } = mine ? await this.next() : { checkpoints: [], isLast: true };
      if (checkpoints.length > 0) await sink.append(checkpoints);
      this.acknowledged = checkpoints.at(-1)?.number ?? this.acknowledged;
      more = !isLast;
    }
  }

  /**
   * Finds out after which checkpoint to continue. If the trail does not have the last shipped checkpoint, it raises
   * an alarm and notes that the database was restored. Once the restore is reconciled, it ships the checkpoints that
   * replace the lost ones: after the newest checkpoint that both have, or, if the sink can't be read, from the
   * current end of the trail.
   * @returns whether there is anything to ship: not until a restored database is reconciled
   */
  private async resume(sink: CheckpointSink, shipped: AcknowledgedCheckpoint | undefined): Promise<boolean> {
    const { state, last, isReconciled } = await compareShippedEnd(
      this.dataSource,
      this.keyRing,
      shipped,
      () => this.lastInCommon(sink, shipped),
    );
    if (shipped === undefined || state === 'here') {
      this.acknowledged = shipped?.number ?? 0;
      this.lost = false;
      return isReconciled && (await this.hasAllUnfinished(sink, shipped?.number ?? 0, last));
    }
    if (!this.lost) {
      const common = await this.lastInCommon(sink, shipped);
      this.acknowledged = common ?? (sink.lastInCommon === undefined ? shipped.number - 1 : 0);
      this.alarms.setCheckpointsLost(shipped.number, last);
    }
    this.acknowledged = Math.min(this.acknowledged, last);
    this.lost = true;
    if (!isReconciled) return false;
    if (state === 'lost') return true;
    const reason = `checkpoint ${shipped.number} was shipped, and the trail ends with ${last} or has another`;
    await noteRestore(this.dataSource, 'system', reason);
    return false;
  }

  /**
   * Compares, once, the records after the last checkpoint of the sink, which a crash left without their checkpoint.
   * Later only this process writes such records. If the trail does not have them, a restore lost them: that is noted,
   * unless the loss was accepted there.
   * @param after number of the last checkpoint that the sink has; 0 without
   * @param last number of the trail's last one
   * @returns whether the trail has them all
   */
  private async hasAllUnfinished(sink: CheckpointSink, after: number, last: number): Promise<boolean> {
    if (this.isEndCompared || sink.unfinished === undefined) return true;
    const lost = await firstLost(this.dataSource, sink.unfinished(), { after, last });
    this.isEndCompared = lost === undefined;
    if (lost === undefined) return true;
    this.alarms.setCheckpointsLost(after + 1, last);
    const reason = `record ${lost} was shipped after checkpoint ${after}, and the trail does not have it`;
    await noteRestore(this.dataSource, 'system', reason);
    return false;
  }

  /** Searched once for each end that the sink has. */
  private async lastInCommon(
    sink: CheckpointSink,
    shipped: AcknowledgedCheckpoint | undefined,
  ): Promise<number | undefined> {
    if (this.common?.of !== shipped?.hash)
      this.common = {
        of: shipped?.hash,
        number: await sink.lastInCommon?.((checkpoints) => lastInTrail(this.dataSource, checkpoints)),
      };
    return this.common?.number;
  }

  /** @returns what to deliver next, with the records, and whether nothing is left after it */
  private async next(): Promise<{ checkpoints: ShippedCheckpoint[]; isLast: boolean }> {
    const { trusted } = await this.sealer.chainEnd.read();
    const rows = await this.dataSource.query<StoredCheckpoint[]>(
      `SELECT number, ${jwsFrom('jws')} AS jws FROM audit_checkpoints
       WHERE number > $1 AND number <= $2 ORDER BY number LIMIT $3`,
      [this.acknowledged, trusted, AT_ONCE],
    );
    const checkpoints = await withRecords(this.dataSource.manager, firstOf(rows));
    return { checkpoints, isLast: rows.length < AT_ONCE && checkpoints.length === rows.length };
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

/** As many checkpoints as fit into one delivery with their records, and at least the first. */
function firstOf(checkpoints: readonly StoredCheckpoint[]): StoredCheckpoint[] {
  let records = 0;
  const rest = checkpoints.findIndex(({ jws }, index) => {
    records += readCheckpoint(jws)?.size ?? 0;
    return index > 0 && records > RECORDS_AT_ONCE;
  });
  return checkpoints.slice(0, rest === -1 ? checkpoints.length : rest);
}
