import { Environment } from '@aegis/config';
import { Jobs } from '@aegis/jobs';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { compareAll } from './compare-replicas';
import { primaryPositionOf } from './primary-position';
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

  /**
   * Finds out which replicas may be read until the next comparison; the job does it every second.
   * @throws when the primary cannot be reached: another may be in its place next, so that no replica is read before it was
   * compared again
   */
  async compare(): Promise<void> {
    let compared: Comparison[] | undefined;
    try {
      compared = await compareAll(this.primary, this.replicas);
    } catch (error) {
      for (const replica of this.replicas) replica.standing = undefined;
      throw error;
    }
    // The primary was demoted: until it is another one, requests fail for reasons of their own.
    compared?.forEach((comparison, index) => {
      this.note(index, comparison);
    });
  }

  /** @param index of the replica; logs and metrics number it from 1 on, and name no address */
  private note(index: number, comparison: Comparison): void {
    const replica = this.replicas[index];
    if (replica === undefined) return;
    const before = replica.standing;
    replica.standing = comparison.standing;
    this.metrics?.report(index + 1, comparison);
    if (comparison.standing !== before) this.say(index + 1, comparison);
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
