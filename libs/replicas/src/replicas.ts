import { Environment } from '@aegis/config';
import { Jobs } from '@aegis/jobs';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { primaryPositionOf, type PrimaryPosition } from './primary-position';
import { type Readers, type Reading, useReaders } from './read-up-to-date';
import { type Comparison, Replica } from './replica';
import { ReplicaMetrics } from './replica-metrics';
import { STANDINGS } from './standing';

const PAUSE_MS = 1000;

/**
 * The read replicas of the application's primary. Each read asks the primary how far it is, and a replica whether it
 * has replayed that: what any server acknowledged before is in every list (docs/adr/0056). A job decides which replicas
 * are asked at all.
 */
@Injectable()
export class Replicas implements Readers, OnApplicationShutdown {
  private readonly replicas: readonly Replica[];
  private readonly metrics: ReplicaMetrics | undefined;
  private turn = 0;

  constructor(
    private readonly primary: DataSource,
    private readonly logger: Logger,
    environment: Environment,
    metrics: Metrics,
    jobs: Jobs,
  ) {
    const { DATABASE_REPLICA_URLS: urls = [] } = environment;
    this.replicas = urls.map(
      (url, index) =>
        new Replica(url, environment, (error) => {
          logger.write('warn', 'idle connection to a read replica lost', { replica: index + 1, error });
        }),
    );
    if (this.replicas.length === 0) return;
    this.metrics = new ReplicaMetrics(metrics, this.replicas.length);
    useReaders(primary, this);
    jobs.add({
      name: 'database-replicas',
      pauseMs: PAUSE_MS,
      failure: 'read replicas could not be compared with the primary',
      run: () => this.compare(),
    });
  }

  async read<T>(reading: Reading<T>): Promise<T> {
    const replica = this.next();
    const position = replica === undefined ? undefined : await primaryPositionOf(this.primary);
    const read = position === undefined ? undefined : await replica?.read(position, reading);
    this.metrics?.count(read === undefined ? 'primary' : 'replica');
    return read === undefined ? reading(this.primary.manager) : read.result;
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.close()));
  }

  /** The replicas take turns. */
  private next(): Replica | undefined {
    const usable = this.replicas.filter(({ standing }) => standing === 'up_to_date');
    this.turn += 1;
    return usable[this.turn % usable.length];
  }

  /** Finds out which replicas may be read until the next comparison; the job does it every second. */
  async compare(): Promise<void> {
    const position = await primaryPositionOf(this.primary);
    // The primary was demoted: until it is another one, requests fail for reasons of their own.
    if (position === undefined) return;
    await Promise.all(this.replicas.map((replica, index) => this.compareOne(replica, index + 1, position)));
  }

  /** @param number its place in DATABASE_REPLICA_URLS, from 1 on: logs and metrics name no address */
  private async compareOne(replica: Replica, number: number, position: PrimaryPosition): Promise<void> {
    const before = replica.standing;
    const comparison = await replica.compare(position);
    this.metrics?.report(number, comparison);
    if (comparison.standing !== before) this.say(number, comparison);
  }

  private say(number: number, { standing, error }: Comparison): void {
    if (standing === 'up_to_date') this.logger.write('info', 'a read replica is in use', { replica: number });
    else
      this.logger.write('warn', 'a read replica is left out: lists are read from the primary', {
        replica: number,
        standing: STANDINGS[standing],
        ...(error !== undefined && { error }),
      });
  }
}
