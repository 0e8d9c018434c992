import { Metrics } from '@aegis/metrics';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { poolOf } from './driver-internals';

/** Lets each scrape see how the pool is used. */
@Injectable()
export class PoolMetrics {
  constructor(dataSource: DataSource, metrics: Metrics) {
    const pool = poolOf(dataSource);
    const connections = metrics.gauge({
      name: 'aegis_database_connections',
      help: 'Connections of the pool that are idle or busy, and callers waiting for one.',
      labelNames: ['state'],
      collect: () => {
        connections.set({ state: 'idle' }, pool.idleCount);
        connections.set({ state: 'busy' }, pool.totalCount - pool.idleCount);
        connections.set({ state: 'waiting' }, pool.waitingCount);
      },
    });
  }
}
