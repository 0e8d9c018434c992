import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SqlState, sqlState } from '../postgres-errors';
import { onReportedError, poolOf } from './driver-internals';

/** While writes are refused more often than that, no check is needed. */
const REFUSED_LATELY_MS = 2000;
/** Too large for the smallest `work_mem` of PostgreSQL, so it writes some 300 kB to the disk with the data. */
const ROWS_THAT_NEED_A_FILE = 20_000;

/**
 * Knows whether the disk of the database is full. Reading still works then, so only a refused write shows it. A
 * statement that needs a temporary file shows when it is over: it writes nothing permanent.
 */
@Injectable()
export class DiskFullness {
  /** On the monotonic clock; undefined while the disk has room, as far as is known. */
  private refusedAt: number | undefined;

  constructor(private readonly dataSource: DataSource) {
    const pool = poolOf(dataSource);
    const watched = new WeakSet();
    pool.on('acquire', (client) => {
      if (watched.has(client)) return;
      watched.add(client);
      onReportedError(client, (state) => {
        if (state === SqlState.diskFull) this.refusedAt = performance.now();
      });
    });
  }

  /** @throws what the database fails with for other reasons, when it is asked */
  async isFull(): Promise<boolean> {
    const { refusedAt } = this;
    if (refusedAt === undefined) return false;
    if (performance.now() - refusedAt < REFUSED_LATELY_MS) return true;
    if (!(await this.hasRoom())) return true;
    // A write may have been refused meanwhile.
    if (this.refusedAt === refusedAt) this.refusedAt = undefined;
    return false;
  }

  private async hasRoom(): Promise<boolean> {
    try {
      await this.dataSource.transaction(async (tx) => {
        await tx.query(`SELECT set_config('work_mem', '64kB', true)`);
        await tx.query(`SELECT count(*) FROM generate_series(1, ${ROWS_THAT_NEED_A_FILE})`);
      });
      return true;
    } catch (error) {
      const state = sqlState(error);
      if (state === SqlState.diskFull) return false;
      // The role must not write temporary files (temp_file_limit): the next write will show it.
      if (state === SqlState.configurationLimitExceeded) return true;
      throw error;
    }
  }
}
