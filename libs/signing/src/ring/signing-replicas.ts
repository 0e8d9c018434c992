import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

/** A process that reports nothing for this time is treated as ended. */
const ALIVE_SECONDS = 15;
/** Rows that are read or cleared away at once at most: anyone who has the database role can write millions. */
export const MOST_REPLICAS = 1000;
/** How often rows are cleared away that are stale after an hour. */
const CLEARING_PAUSE_MS = 60_000;
/** Rows that say nothing of a process that lives: of long ago, or with a time in the future. */
const STALE = `(seen_at < clock_timestamp() - interval '1 hour' OR seen_at > clock_timestamp() + interval '1 minute')`;

/** SQL condition on a row of signing_replicas: its process lives. */
export const LIVES_SQL = `(seen_at > clock_timestamp() - make_interval(secs => ${ALIVE_SECONDS}) AND NOT ${STALE})`;

/** A server process, and with which keys it says that it can sign. */
export interface SigningReplica {
  id: string;
  /** `<host>:<process id>`. */
  name: string;
  kids: string[];
  seen_at: Date;
}

/** What the server processes on one database say of the keys they can sign with. */
@Injectable()
export class SigningReplicas {
  private clearsFrom = 0;

  constructor(private readonly dataSource: DataSource) {}

  /** Says that a process lives and what it can sign with; to be repeated every few seconds. Clears away stale rows once a minute. */
  async report({ id, name, kids }: Omit<SigningReplica, 'seen_at'>): Promise<void> {
    await this.dataSource.query(
      `INSERT INTO signing_replicas (id, name, kids) VALUES ($1, $2, $3)
       ON CONFLICT (id) DO UPDATE SET kids = excluded.kids, seen_at = clock_timestamp()`,
      [id, name, kids],
    );
    if (performance.now() < this.clearsFrom) return;
    const cleared = await this.clearStale();
    // Where more may be left, the next report clears them.
    if (cleared < MOST_REPLICAS) this.clearsFrom = performance.now() + CLEARING_PAUSE_MS;
  }

  /**
   * Clears away rows that say nothing of a process that lives, some thousand at most.
   * @returns how many
   */
  async clearStale(): Promise<number> {
    const [, cleared] = await this.dataSource.query<[unknown, number]>(
      `DELETE FROM signing_replicas WHERE id IN (
         SELECT id FROM signing_replicas WHERE ${STALE} LIMIT ${MOST_REPLICAS} FOR UPDATE SKIP LOCKED)`,
    );
    return cleared;
  }

  /** Counts those rows. */
  async countStale(): Promise<number> {
    const [row] = await this.dataSource.query<{ count: number }[]>(
      `SELECT count(*)::int AS count FROM signing_replicas WHERE ${STALE}`,
    );
    return row?.count ?? 0;
  }

  /** Says that a process ends. */
  async leave(id: string): Promise<void> {
    await this.dataSource.query('DELETE FROM signing_replicas WHERE id = $1', [id]);
  }

  /** The processes that live, by name; some thousand at most. */
  live(tx: EntityManager = this.dataSource.manager): Promise<SigningReplica[]> {
    return tx.query<SigningReplica[]>(
      `SELECT id, name, kids, seen_at FROM signing_replicas
       WHERE ${LIVES_SQL} ORDER BY name, id LIMIT ${MOST_REPLICAS}`,
    );
  }
}
