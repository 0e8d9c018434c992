import { Environment } from '@aegis/config';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { fileURLToPath } from 'node:url';
import { DataSource } from 'typeorm';
import type { CheckpointSink, ShippedCheckpoint } from './checkpoint-sink';
import { FileSink } from './file-sink';
import { HttpSink } from './http-sink';
import { Repetition } from './repetition';

const PAUSE_MS = 1000;
const AT_ONCE = 100;

/**
 * Ships checkpoints to CHECKPOINT_SINK, each at least once and in their order. After an outage it goes on with the
 * first that the sink has not acknowledged.
 */
@Injectable()
export class CheckpointShipping implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly job?: Repetition;
  private acknowledged = 0;
  private lost = false;

  constructor(
    private readonly dataSource: DataSource,
    { CHECKPOINT_SINK: sink, CHECKPOINT_SINK_TOKEN: token }: Environment,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {
    if (sink === undefined) return;
    const target = sink.startsWith('file:')
      ? new FileSink(fileURLToPath(sink))
      : new HttpSink(dataSource, sink, token);
    this.job = new Repetition(logger, 'checkpoints could not be shipped; they wait', PAUSE_MS, (goesOn) =>
      this.ship(target, goesOn).finally(() => this.measure()),
    );
  }

  onApplicationBootstrap(): void {
    this.job?.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.job?.stop();
  }

  private async ship(sink: CheckpointSink, goesOn: () => boolean): Promise<void> {
    const { number, mine } = await sink.acknowledged();
    this.acknowledged = Math.min(number, await this.last());
    if (number > this.acknowledged) this.tellLost(number);
    while (mine && goesOn()) {
      const checkpoints = await this.next();
      if (checkpoints.length === 0) return;
      await sink.append(checkpoints);
      this.acknowledged = checkpoints.at(-1)?.number ?? this.acknowledged;
      if (checkpoints.length < AT_ONCE) return;
    }
  }

  /** Its end was cut off, or an older state was restored: what is sealed from here on is shipped all the same. */
  private tellLost(shipped: number): void {
    if (!this.lost)
      this.logger.write('error', 'the audit trail lacks checkpoints that were shipped: verify it', {
        shipped,
        last: this.acknowledged,
      });
    this.lost = true;
  }

  private async last(): Promise<number> {
    const [row] = await this.dataSource.query<{ last: number }[]>(
      'SELECT coalesce(max(number), 0)::float8 AS last FROM audit_checkpoints',
    );
    return row?.last ?? 0;
  }

  private async next(): Promise<ShippedCheckpoint[]> {
    const rows = await this.dataSource.query<{ number: string; jws: string }[]>(
      'SELECT number, jws FROM audit_checkpoints WHERE number > $1 ORDER BY number LIMIT $2',
      [this.acknowledged, AT_ONCE],
    );
    return rows.map(({ number, jws }) => ({ number: Number(number), jws }));
  }

  private async measure(): Promise<void> {
    const [row] = await this.dataSource.query<{ lag: number }[]>(
      `SELECT coalesce((SELECT extract(epoch FROM clock_timestamp() - created_at) FROM audit_checkpoints
                        WHERE number > $1 ORDER BY number LIMIT 1), 0)::float8 AS lag`,
      [this.acknowledged],
    );
    if (row) this.metrics.checkpointsShipped(row.lag);
  }
}
