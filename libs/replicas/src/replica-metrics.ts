import type { Counter, Gauge, Metrics } from '@aegis/metrics';
import type { Comparison } from './replica';

type Database = 'primary' | 'replica';

/** Which database answers, and how far behind each replica is. Replicas are numbered as in DATABASE_REPLICA_URLS. */
export class ReplicaMetrics {
  private readonly reads: Counter<'database'>;
  private readonly inUse: Gauge<'replica'>;
  private readonly lag: Gauge<'replica'>;

  constructor(metrics: Metrics, replicas: number) {
    this.reads = metrics.counter(
      {
        name: 'aegis_replicable_reads_total',
        help: 'Pages, pieces of streams and statistics that a read replica may answer, by what answered: primary or replica.',
        labelNames: ['database'],
      },
      [{ database: 'primary' }, { database: 'replica' }],
    );
    this.inUse = metrics.gauge({
      name: 'aegis_read_replica_in_use',
      help: 'Whether lists are read from a read replica, 1 or 0; replicas are numbered as in DATABASE_REPLICA_URLS.',
      labelNames: ['replica'],
    });
    this.lag = metrics.gauge({
      name: 'aegis_read_replica_lag_seconds',
      help: 'How long a read replica took last to replay what the primary had; NaN while it is not in use.',
      labelNames: ['replica'],
    });
    for (let number = 1; number <= replicas; number += 1) this.inUse.set({ replica: number }, 0);
  }

  count(database: Database): void {
    this.reads.inc({ database });
  }

  /** @param number of the replica, from 1 on */
  report(number: number, { standing, elapsedMs }: Comparison): void {
    const isInUse = standing === 'up_to_date';
    this.inUse.set({ replica: number }, isInUse ? 1 : 0);
    this.lag.set({ replica: number }, isInUse ? elapsedMs / 1000 : Number.NaN);
  }
}
