import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SqlState, sqlState } from '../postgres-errors';
import { onReportedError, poolOf } from './driver-internals';

/** As long as writes are refused more often than that, nobody has to look. */
const REFUSED_LATELY_MS = 2000;
/** Does not fit into the least `work_mem` of PostgreSQL, so that it writes some 300 kB to the disk that has its data. */
const ROWS_THAT_NEED_A_FILE = 20_000;

/**
 * Knows whether the disk of the database is full. Reading still works then, so that only a refused write tells. Whether it
 * is over is found out by a statement that needs a temporary file: it writes nothing that stays.
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
    // Somebody may have been refused meanwhile.
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
      // The role may write no temporary files (temp_file_limit): the next write will tell.
      if (state === SqlState.configurationLimitExceeded) return true;
      throw error;
    }
  }
}
