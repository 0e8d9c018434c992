import { Logger } from '@aegis/logging';
import { Injectable } from '@nestjs/common';
import type { Pool, PoolClient } from 'pg';
import { DataSource } from 'typeorm';
import { SqlState } from '../postgres-errors';
import { onReportedError, poolOf } from './driver-internals';

/** While a database stays read-only, every request would renew the pool. */
const SHORTEST_INTERVAL_MS = 500;

/**
 * Gives up connections that turned read-only: after a failover they lead to what is now a replica, and a session keeps
 * `default_transaction_read_only` as it was when it began. A new connection finds the primary. By itself, a pool lends
 * the same connection again for as long as it exists.
 */
@Injectable()
export class PoolRenewal {
  private readonly pool: Pool;
  /** The connections from before the last renewal. */
  private readonly generations = new WeakMap<PoolClient, number>();
  private generation = 0;
  private renewedAt = Number.NEGATIVE_INFINITY;

  constructor(
    dataSource: DataSource,
    private readonly logger: Logger,
  ) {
    this.pool = poolOf(dataSource);
    this.pool.on('acquire', (client) => {
      this.watch(client);
    });
    this.pool.on('release', (_error, client) => {
      // The pool removes connections that are ending.
      if (this.isOld(client)) void client.end();
    });
  }

  /** Ends every connection that there is now: idle ones at once, the others when they are given back. */
  renew(): void {
    const now = performance.now();
    if (now - this.renewedAt < SHORTEST_INTERVAL_MS) return;
    this.renewedAt = now;
    this.generation += 1;
    this.logger.write('warn', 'the database does not accept writes: connections are renewed');
    for (let idle = this.pool.idleCount; idle > 0; idle--)
      this.pool.connect((error, client, release) => {
        // A connection that is returned ends if it is old.
        if (error === undefined && client !== undefined) release();
      });
  }

  private watch(client: PoolClient): void {
    if (this.generations.has(client)) return;
    this.generations.set(client, this.generation);
    onReportedError(client, (sqlState) => {
      if (sqlState === SqlState.readOnly) this.renew();
    });
  }

  private isOld(client: PoolClient): boolean {
    return (this.generations.get(client) ?? this.generation) < this.generation;
  }
}
